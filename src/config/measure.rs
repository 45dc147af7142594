//! Durations and sizes as people write them: `"30s"`, `"64KiB"`.
//!
//! One whole number and one unit; no sums, no fractions, no bare numbers whose
//! unit would be a guess.

use std::fmt;
use std::time::Duration;

use super::at::At;
use super::notes::Notes;

/// A value's default and the bounds it must keep, both included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range<T> {
    pub(crate) default: T,
    pub(crate) min: T,
    pub(crate) max: T,
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
pub(crate) const KIB: usize = 1024;
pub(crate) const MIB: usize = 1024 * 1024;

const TIMES: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
const SIZES: [(&str, u64); 4] =
    [("GiB", 1024 * 1024 * 1024), ("MiB", 1024 * 1024), ("KiB", 1024), ("B", 1)];

impl<T> Range<T> {
    pub(crate) fn new(default: T, min: T, max: T) -> Self {
        Self { default, min, max }
    }
}

/// A duration, or its default when the key is absent; `None` when it is wrong.
pub(crate) fn duration(
    text: &Option<At<String>>,
    range: &Range<Duration>,
    notes: &mut Notes<'_>,
) -> Option<Duration> {
    let Some(text) = text else { return Some(range.default) };
    match measure(text, &TIMES).map(Duration::from_millis) {
        Some(time) if (range.min..=range.max).contains(&time) => Some(time),
        Some(_) => {
            let (min, max) = (Time(range.min), Time(range.max));
            notes.wrong(&text.span(), format!("must be from \"{min}\" to \"{max}\""));
            None
        }
        None => {
            let hint = "write \"500ms\", \"30s\", \"5m\", \"24h\" or \"7d\"";
            notes.fix(&text.span(), "must be a whole number and a unit of time", hint);
            None
        }
    }
}

/// A size in bytes, or its default when the key is absent; `None` when it is wrong.
pub(crate) fn size(
    text: &Option<At<String>>,
    range: &Range<usize>,
    notes: &mut Notes<'_>,
) -> Option<usize> {
    let Some(text) = text else { return Some(range.default) };
    let bytes = measure(text, &SIZES).and_then(|bytes| usize::try_from(bytes).ok());
    match bytes {
        Some(bytes) if (range.min..=range.max).contains(&bytes) => Some(bytes),
        Some(_) => {
            let (min, max) = (Size(range.min), Size(range.max));
            notes.wrong(&text.span(), format!("must be from \"{min}\" to \"{max}\""));
            None
        }
        None => {
            let hint = "write \"512B\", \"64KiB\", \"1MiB\" or \"1GiB\"";
            notes.fix(&text.span(), "must be a whole number and a unit of size", hint);
            None
        }
    }
}

/// A number, or its default when the key is absent; `None` when it is wrong.
pub(crate) fn number(
    value: &Option<At<u64>>,
    range: &Range<u64>,
    notes: &mut Notes<'_>,
) -> Option<u64> {
    let Some(value) = value else { return Some(range.default) };
    if (range.min..=range.max).contains(&**value) {
        return Some(**value);
    }
    notes.wrong(&value.span(), format!("must be from {} to {}", range.min, range.max));
    None
}

fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// A span as it is written in a file.
pub(crate) struct Time(pub(crate) Duration);
struct Size(usize);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spell(f, u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX), &TIMES)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spell(f, u64::try_from(self.0).unwrap_or(u64::MAX), &SIZES)
    }
}

/// In the largest unit that leaves no rest.
fn spell(f: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)]) -> fmt::Result {
    let fits = |(_, factor): &&(&str, u64)| value != 0 && value.is_multiple_of(*factor);
    match units.iter().find(fits).or(units.last()) {
        Some((unit, factor)) => write!(f, "{}{unit}", value / factor.max(&1)),
        None => write!(f, "{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_unit_or_another_one_is_refused() {
        for text in ["", "5", "s", "-5s", "5 s", "1.5h", "1h30m", "5S", "99999999999999999999s"] {
            assert_eq!(measure(text, &TIMES), None, "{text}");
        }
        for text in ["1KB", "1kib", "1K", "99999999999999999GiB"] {
            assert_eq!(measure(text, &SIZES), None, "{text}");
        }
    }

    #[test]
    fn every_unit_counts_what_it_says_and_is_spelled_back() {
        for (text, millis) in [("7ms", 7), ("30s", 30_000), ("5m", 300_000), ("2d", 172_800_000)] {
            assert_eq!(measure(text, &TIMES), Some(millis));
            assert_eq!(Time(Duration::from_millis(millis)).to_string(), text);
        }
        for (text, bytes) in [("1B", 1), ("64KiB", 65_536), ("1MiB", MIB)] {
            assert_eq!(measure(text, &SIZES), u64::try_from(bytes).ok());
            assert_eq!(Size(bytes).to_string(), text);
        }
        assert_eq!(Time(Duration::ZERO).to_string(), "0ms");
    }
}
