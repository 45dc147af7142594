//! Metrics of the audit, its end among them: whoever scrapes them keeps an anchor that
//! shows when lines are cut off later.

use prometheus::core::Collector;
use prometheus::{IntCounter, IntGauge};

use crate::vault::audit::chain::Link;

/// What is counted of the audit. Clones count together.
#[derive(Debug, Clone)]
pub struct AuditMetrics {
    lines: IntCounter,
    lost: IntCounter,
    failing: IntGauge,
    sequence: IntGauge,
    head: IntGauge,
}

impl AuditMetrics {
    pub(in crate::telemetry) fn new() -> Result<Self, prometheus::Error> {
        Ok(Self {
            lines: IntCounter::new("cloakroom_audit_lines_total", "Lines of the audit written.")?,
            lost: IntCounter::new(
                "cloakroom_audit_lost_total",
                "Entries that the audit could not take.",
            )?,
            failing: IntGauge::new("cloakroom_audit_failing", "Set while no line can be written.")?,
            sequence: IntGauge::new(
                "cloakroom_audit_sequence",
                "The number of the line written last.",
            )?,
            head: IntGauge::new(
                "cloakroom_audit_head",
                "The first 48 bits of that line's hash, as a number.",
            )?,
        })
    }

    pub(in crate::telemetry) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.lines.clone()),
            Box::new(self.lost.clone()),
            Box::new(self.failing.clone()),
            Box::new(self.sequence.clone()),
            Box::new(self.head.clone()),
        ]
    }

    pub(super) fn wrote(&self, lines: u64, end: &Link) {
        self.lines.inc_by(lines);
        self.sequence.set(i64::try_from(end.seq).unwrap_or(i64::MAX));
        self.head.set(end.short());
    }

    pub(super) fn lost(&self, count: u64) {
        self.lost.inc_by(count);
    }

    pub(super) fn failing(&self, failing: bool) {
        self.failing.set(i64::from(failing));
    }
}
