//! How the counts are divided over a cluster, and which part a record is counted in.
//!
//! Each sixteenth of the slots has a part of its own, kept in that sixteenth: where slots are dealt out in runs, as
//! `redis-cli --cluster create` does, a primary that is gone takes with it the counts of its own records and of no
//! other's. Never lets the parts together hold more than the whole may.

use super::keys::Keys;
use super::settings::{RedisSettings, Topology};
use crate::store::RecordKey;

/// Parts in a cluster: more would fill less evenly, fewer would straddle more of the primaries' borders.
const SHARES: u16 = 16;
/// Slots of a cluster.
const SLOTS: u16 = 16_384;
/// A bound is divided only where a part has at least this: ids fall evenly, but of few not evenly enough.
const SHARE_MIN: u64 = 4096;

/// A part of the counts.
#[derive(Debug)]
pub(super) struct Share {
    /// What the census script works on.
    pub(super) keys: [Vec<u8>; 3],
    /// A key that is never written, in the same slot.
    pub(super) probe: Vec<u8>,
    /// The most records that are counted in it.
    pub(super) entries_max: u64,
}

/// All parts. One alone, but in a cluster.
#[derive(Debug)]
pub(super) struct Shares {
    all: Vec<Share>,
    division: Division,
}

/// Where records are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Division {
    /// In the first part, whatever their slot.
    First,
    /// In that of their slot.
    BySlot,
}

impl Shares {
    pub(super) fn new(keys: &Keys, settings: &RedisSettings) -> Self {
        let whole = settings.entries_max;
        if settings.topology != Topology::Cluster {
            return Self { all: vec![share(keys, "census", whole)], division: Division::First };
        }
        let (division, count) = (division(whole), u64::from(SHARES));
        let part = |number: u16| match (division, number) {
            // The others are there to be read: they may hold counts of a larger bound's time.
            (Division::First, _) => whole,
            (Division::BySlot, number) => {
                whole / count + u64::from(u64::from(number) < whole % count)
            }
        };
        let all = (0..SHARES).map(|number| share(keys, &tag(number), part(number))).collect();
        Self { all, division }
    }

    /// Every part.
    pub(super) fn all(&self) -> &[Share] {
        &self.all
    }

    /// The number of the part that a record is counted in.
    pub(super) fn number_of(&self, key: &RecordKey) -> u16 {
        match self.division {
            Division::First => 0,
            Division::BySlot => sixteenth(&Keys::tag(key)),
        }
    }

    /// The part with this number.
    pub(super) fn share(&self, number: u16) -> Option<&Share> {
        self.all.get(usize::from(number))
    }
}

fn division(entries_max: u64) -> Division {
    if entries_max < u64::from(SHARES) * SHARE_MIN { Division::First } else { Division::BySlot }
}

fn share(keys: &Keys, tag: &str, entries_max: u64) -> Share {
    let keys_of = ["totals", "counts", "ends"].map(|part| keys.tagged(tag, part));
    Share { keys: keys_of, probe: keys.tagged(tag, "probe"), entries_max }
}

/// The first tag whose slot is in a sixteenth. There is always one: 65,536 tries, of which one in 16 does.
fn tag(number: u16) -> String {
    let tags = (0..=u16::MAX).map(|at| format!("census-{number}.{at}"));
    let mut fitting = tags.filter(|tag| sixteenth(tag) == number);
    fitting.next().unwrap_or_else(|| format!("census-{number}"))
}

fn sixteenth(tag: &str) -> u16 {
    crc16(tag.as_bytes()) % SLOTS / (SLOTS / SHARES)
}

/// The checksum that Redis deals keys out to slots by: CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{HandleId, TenantId};

    fn shares(topology: Topology, entries_max: u64) -> Shares {
        let settings = RedisSettings::new(topology, vec!["redis://h:1".to_owned()]);
        Shares::new(&Keys::new("cloakroom"), &RedisSettings { entries_max, ..settings })
    }

    #[test]
    fn the_parts_never_hold_more_than_the_whole_may() {
        for whole in [65_536, 65_537, 65_551, 1_000_000, 100_000_000, u64::MAX] {
            let shares = shares(Topology::Cluster, whole);
            assert_eq!(shares.all().iter().map(|share| share.entries_max).sum::<u64>(), whole);
        }
    }

    #[test]
    fn a_small_bound_and_a_single_primary_have_one_part() {
        let key = |byte| RecordKey {
            tenant: TenantId::parse("acme").unwrap(),
            id: HandleId::from_random([byte; 16]),
        };
        for shares in [shares(Topology::Cluster, 65_535), shares(Topology::Standalone, 1_000_000)] {
            for byte in 0..=255 {
                assert_eq!(shares.number_of(&key(byte)), 0);
            }
        }
        assert_eq!(shares(Topology::Standalone, 9).all().len(), 1);
        assert_eq!(shares(Topology::Cluster, 65_535).share(0).unwrap().entries_max, 65_535);
    }

    #[test]
    fn a_part_lies_in_the_sixteenth_of_the_slots_that_it_counts() {
        // What `CLUSTER KEYSLOT` says of these.
        for (name, slot) in [("123456789", 12_739), ("foo", 12_182), ("census", 10_491)] {
            assert_eq!(crc16(name.as_bytes()) % SLOTS, slot, "{name}");
        }
        for (number, share) in (0..SHARES).zip(shares(Topology::Cluster, 1_000_000).all()) {
            for name in share.keys.iter().chain([&share.probe]) {
                let name = std::str::from_utf8(name).unwrap();
                let (_, tag) = name.split_once('{').unwrap();
                let (tag, _) = tag.split_once('}').unwrap();
                assert_eq!(sixteenth(tag), number, "{name}");
            }
        }
    }
}
