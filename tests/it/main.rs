//! One integration binary: the library's house on real sockets.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod control;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod disk_store;
#[cfg(test)]
mod embed;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod forwarding;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod honey;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod known_keys;
#[cfg(test)]
mod lease;
#[cfg(test)]
mod links;
#[cfg(test)]
mod locators;
#[cfg(test)]
mod own_dialect;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod play;
#[cfg(test)]
mod redis_store;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod shared_store;
#[cfg(test)]
mod slices;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod split;
#[cfg(test)]
mod store_conformance;
#[cfg(test)]
mod support;
#[cfg(test)]
mod swap;
#[cfg(test)]
mod tenancy;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod upstream;
#[cfg(test)]
mod vendors;
#[cfg(test)]
mod wiped;
