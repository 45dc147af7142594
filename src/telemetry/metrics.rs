//! Prometheus metrics of both planes.
//!
//! Every label is a name from the configuration or a fixed word, so that a
//! browser cannot grow the number of series, and no series can name a person.

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use super::audit::AuditMetrics;
use crate::domain::tenant::TenantId;
use crate::store::Census;
use crate::vault::insist::LateCommits;
use crate::vault::redeem::Unusable;

/// Seconds: 50 µs (a poll on loopback) to 60 s (a vendor that hangs).
const REQUEST_BUCKETS: [f64; 14] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0,
    60.0,
];

/// Seconds: 1 µs (the hot functions) to 1 s (a store at its time-out).
const SWAP_BUCKETS: [f64; 12] = [
    0.000_001,
    0.000_002_5,
    0.000_005,
    0.000_01,
    0.000_025,
    0.000_05,
    0.000_1,
    0.000_5,
    0.001,
    0.01,
    0.1,
    1.0,
];

/// All metrics, registered once.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    redeems: IntCounterVec,
    issued: IntCounterVec,
    alarms: IntCounterVec,
    /// Of the audit, for whoever writes it.
    pub audit: AuditMetrics,
    redactions: IntCounterVec,
    late_commits: IntCounterVec,
    request_seconds: Histogram,
    swap_seconds: Histogram,
    store_seconds: HistogramVec,
    store_entries: IntGauge,
    store_full: IntGauge,
    store_learnt: IntGauge,
    handles: IntGaugeVec,
    upstream_up: IntGaugeVec,
    generation: IntGauge,
}

impl Metrics {
    /// Registers everything.
    ///
    /// # Errors
    /// When two metrics share a name, which is a fault of this file.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let all = Self {
            requests: counters(
                "cloakroom_requests_total",
                "Requests of the data plane by outcome.",
                &["route", "exchange", "outcome"],
            )?,
            redeems: counters(
                "cloakroom_redeems_total",
                "Handles met in requests by outcome.",
                &["tenant", "outcome"],
            )?,
            redactions: counters(
                "cloakroom_redactions_total",
                "Values taken out of answers.",
                &["route"],
            )?,
            late_commits: counters(
                "cloakroom_late_commits_total",
                "Accepted reveals whose commit did not go through at once, by what became of it.",
                &["outcome"],
            )?,
            alarms: counters(
                "cloakroom_alarms_total",
                "Tries of handles that nobody should have.",
                &["tenant"],
            )?,
            audit: AuditMetrics::new()?,
            issued: counters("cloakroom_issued_total", "Handles issued.", &["tenant"])?,
            request_seconds: histogram(
                "cloakroom_request_seconds",
                "Time from a request's head to the end of its answer.",
                &REQUEST_BUCKETS,
            )?,
            swap_seconds: histogram(
                "cloakroom_swap_seconds",
                "Time to find, redeem and reveal the handles of one body.",
                &SWAP_BUCKETS,
            )?,
            store_seconds: HistogramVec::new(
                HistogramOpts::new("cloakroom_store_seconds", "Time of one store operation.")
                    .buckets(SWAP_BUCKETS.to_vec()),
                &["op"],
            )?,
            store_entries: IntGauge::new("cloakroom_store_entries", "Records held.")?,
            store_full: IntGauge::new(
                "cloakroom_store_full",
                "1 while the last handle to be issued found no room.",
            )?,
            store_learnt: IntGauge::new(
                "cloakroom_store_learnt",
                "Of the records held, those learnt from calls and not issued.",
            )?,
            handles: gauges(
                "cloakroom_handles",
                "Records by the key they were sealed under.",
                &["key_id"],
            )?,
            upstream_up: gauges(
                "cloakroom_upstream_up",
                "1 when a server of an upstream is healthy.",
                &["server"],
            )?,
            generation: IntGauge::new(
                "cloakroom_config_generation",
                "How often a configuration was taken.",
            )?,
            registry,
        };
        for collector in all.collectors() {
            all.registry.register(collector)?;
        }
        Ok(all)
    }

    /// One request of the data plane ended.
    pub fn request(&self, route: &str, exchange: &str, outcome: &str, seconds: f64) {
        self.requests.with_label_values(&[route, exchange, outcome]).inc();
        self.request_seconds.observe(seconds);
    }

    /// One body was searched, and its handles redeemed and revealed.
    pub fn swap(&self, seconds: f64) {
        self.swap_seconds.observe(seconds);
    }

    /// One handle was met in a request.
    pub fn redeemed(&self, tenant: &TenantId, outcome: &'static str) {
        self.redeems.with_label_values(&[tenant.as_str(), outcome]).inc();
    }

    /// Handles were met that are no good, for this reason.
    pub fn refused(&self, tenant: &TenantId, why: Unusable, count: u64) {
        self.redeems.with_label_values(&[tenant.as_str(), why.reason()]).inc_by(count);
    }

    /// Values were taken out of an answer.
    pub fn redacted(&self, route: &str, count: u64) {
        if count > 0 {
            self.redactions.with_label_values(&[route]).inc_by(count);
        }
    }

    /// Handles were issued.
    pub fn issued(&self, tenant: &TenantId, count: u64) {
        self.issued.with_label_values(&[tenant.as_str()]).inc_by(count);
    }

    /// Commits that did not go through at once have ended so.
    pub fn late_commits(&self, ended: LateCommits) {
        let LateCommits { settled, too_late, given_up } = ended;
        for (outcome, count) in
            [("settled", settled), ("too-late", too_late), ("given-up", given_up)]
        {
            self.late_commits.with_label_values(&[outcome]).inc_by(count);
        }
    }

    /// A handle that nobody should have was tried.
    pub fn alarm(&self, tenant: &TenantId) {
        self.alarms.with_label_values(&[tenant.as_str()]).inc();
    }

    /// The store answered one operation.
    pub fn store(&self, op: &'static str, seconds: f64) {
        self.store_seconds.with_label_values(&[op]).observe(seconds);
    }

    /// Whether handles are refused for want of room: 1 or 0.
    pub fn store_full(&self, full: i64) {
        self.store_full.set(full);
    }

    /// The configuration was taken for the `generation`th time.
    pub fn generation(&self, generation: u64) {
        self.generation.set(i64::try_from(generation).unwrap_or(i64::MAX));
    }

    /// Sets the gauges that are read rather than counted.
    pub fn gauge(&self, census: &Census, upstreams: &[(String, bool)]) {
        self.store_entries.set(i64::try_from(census.entries).unwrap_or(i64::MAX));
        self.store_learnt.set(i64::try_from(census.learnt).unwrap_or(i64::MAX));
        self.handles.reset();
        for (key, count) in &census.by_key {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            self.handles.with_label_values(&[&key.to_string()]).set(count);
        }
        self.upstream_up.reset();
        for (server, up) in upstreams {
            self.upstream_up.with_label_values(&[server]).set(i64::from(*up));
        }
    }

    /// The Prometheus text of everything, and its media type.
    ///
    /// # Errors
    /// When a metric cannot be encoded.
    pub fn render(&self) -> Result<(Vec<u8>, String), prometheus::Error> {
        let encoder = TextEncoder::new();
        let mut text = Vec::new();
        encoder.encode(&self.registry.gather(), &mut text)?;
        Ok((text, encoder.format_type().to_owned()))
    }

    fn collectors(&self) -> Vec<Box<dyn Collector>> {
        let mut all = self.audit.collectors();
        all.extend(self.own());
        all
    }

    fn own(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.alarms.clone()),
            Box::new(self.requests.clone()),
            Box::new(self.redeems.clone()),
            Box::new(self.issued.clone()),
            Box::new(self.redactions.clone()),
            Box::new(self.late_commits.clone()),
            Box::new(self.request_seconds.clone()),
            Box::new(self.swap_seconds.clone()),
            Box::new(self.store_seconds.clone()),
            Box::new(self.store_entries.clone()),
            Box::new(self.store_full.clone()),
            Box::new(self.store_learnt.clone()),
            Box::new(self.handles.clone()),
            Box::new(self.upstream_up.clone()),
            Box::new(self.generation.clone()),
            #[cfg(target_os = "linux")]
            Box::new(prometheus::process_collector::ProcessCollector::for_self()),
        ]
    }
}

fn counters(name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
    IntCounterVec::new(Opts::new(name, help), labels)
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
    IntGaugeVec::new(Opts::new(name, help), labels)
}

fn histogram(name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, prometheus::Error> {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))
}
