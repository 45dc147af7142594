//! A vendor's own way for a back end to hand data in, spoken by the control
//! plane: a call, where the payload stands in its body, and the vendor's answer.
//!
//! So a back end that talks to the vendor today talks to the control plane
//! tomorrow by changing a host name. Never stores anything itself.

use std::time::Duration;

use http::StatusCode;

use super::call::CallPattern;
use crate::rewrite::json::locate::{Bounds, locate};
use crate::rewrite::json::members::at;
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::json::{FaultKind, Kind};

/// One such call.
#[derive(Debug, Clone)]
pub struct IssueCall {
    /// Its method and path.
    pub call: CallPattern,
    /// Whether its body is one deposit or a list of them.
    pub shape: Shape,
    /// Where the payload stands in a deposit: an object.
    pub payload: Pointer,
    /// Where a deposit may say `true` to be redeemable once.
    pub once: Option<Pointer>,
    /// How long its handles live.
    pub ttl: Duration,
    /// The status of its answer.
    pub status: StatusCode,
    /// The answer to one deposit, JSON; `{handle}`, `{id}` and `{key}` are the
    /// handle, and its two parts.
    pub answer: String,
}

/// How many deposits a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The body is one.
    One,
    /// The body is a list; a list of one is answered like one.
    List,
}

/// A deposit as it stands in a body.
#[derive(Clone, Copy)]
pub struct Deposited<'b> {
    /// The payload's JSON text.
    pub payload: &'b [u8],
    /// Whether it asked to be redeemable once.
    pub once: bool,
}

/// What is wrong with such a body. The pointer is the dialect's, not the body's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DepositFault {
    /// Not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// One where a list belongs.
    #[error("the body must be a list")]
    NotAList,
    /// No payload in the deposit.
    #[error("there is no {0} in the body")]
    NoPayload(Pointer),
    /// Neither true nor false.
    #[error("{0} must be true or false")]
    NotABool(Pointer),
    /// More than a call may carry.
    #[error("the list is too long")]
    TooMany,
}

impl IssueCall {
    /// The deposits of a body, at most `max`.
    ///
    /// # Errors
    /// [`DepositFault`] for the first that is not one.
    pub fn deposits<'b>(
        &self,
        body: &'b [u8],
        max: usize,
    ) -> Result<Vec<Deposited<'b>>, DepositFault> {
        match self.shape {
            Shape::One => Ok(vec![self.deposit(body)?]),
            Shape::List => {
                let list = elements(body, max)?;
                list.into_iter().map(|element| self.deposit(element)).collect()
            }
        }
    }

    /// The vendor's answer, given each deposit's handle, id and key.
    #[must_use]
    pub fn answer(&self, issued: &[(String, String, String)]) -> String {
        let mut answers = issued.iter().map(|(handle, id, key)| {
            self.answer.replace("{handle}", handle).replace("{id}", id).replace("{key}", key)
        });
        match (issued.len(), answers.next()) {
            (1, Some(only)) => only,
            (_, first) => {
                let all: Vec<String> = first.into_iter().chain(answers).collect();
                format!("[{}]", all.join(","))
            }
        }
    }

    fn deposit<'b>(&self, deposit: &'b [u8]) -> Result<Deposited<'b>, DepositFault> {
        let payload = at(deposit, &self.payload).map_err(|_| DepositFault::NotJson)?;
        let payload = payload.ok_or_else(|| DepositFault::NoPayload(self.payload.clone()))?;
        let Some(pointer) = &self.once else { return Ok(Deposited { payload, once: false }) };
        let once = match at(deposit, pointer).map_err(|_| DepositFault::NotJson)? {
            None | Some(b"false" | b"null") => false,
            Some(b"true") => true,
            Some(_) => return Err(DepositFault::NotABool(pointer.clone())),
        };
        Ok(Deposited { payload, once })
    }
}

fn elements(body: &[u8], max: usize) -> Result<Vec<&[u8]>, DepositFault> {
    let (Ok(root), Ok(each)) = (Pointer::parse(""), Pointer::parse("/*")) else {
        return Err(DepositFault::NotAList);
    };
    let bounds = Bounds { located_max: max.saturating_add(1), ..Bounds::default() };
    let located = locate(body, &[&root, &each], &bounds).map_err(|fault| {
        let crowded = fault.kind == FaultKind::TooManyLocated;
        if crowded { DepositFault::TooMany } else { DepositFault::NotJson }
    })?;
    let is_list = located.iter().any(|at| at.pointer == 0 && at.kind == Kind::Array);
    if !is_list {
        return Err(DepositFault::NotAList);
    }
    let elements = located.into_iter().filter(|at| at.pointer == 1);
    Ok(elements.filter_map(|at| body.get(at.value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(shape: Shape) -> IssueCall {
        IssueCall {
            call: CallPattern::parse("POST /issue").unwrap(),
            shape,
            payload: Pointer::parse("/content").unwrap(),
            once: Some(Pointer::parse("/once").unwrap()),
            ttl: Duration::from_secs(60),
            status: StatusCode::CREATED,
            answer: r#"{"guid":"{id}","key":"{key}"}"#.into(),
        }
    }

    #[test]
    fn what_is_no_deposit_is_refused_with_the_place() {
        let fault = |shape, body: &str| call(shape).deposits(body.as_bytes(), 2).err().unwrap();
        assert_eq!(fault(Shape::One, "{"), DepositFault::NotJson);
        assert_eq!(fault(Shape::One, "{}").to_string(), "there is no /content in the body");
        assert_eq!(fault(Shape::List, r#"{"content":{}}"#), DepositFault::NotAList);
        assert_eq!(fault(Shape::List, "[{},{},{}]"), DepositFault::TooMany);
        let once = r#"{"content":{},"once":"yes"}"#;
        assert_eq!(fault(Shape::One, once).to_string(), "/once must be true or false");
    }

    #[test]
    fn a_list_of_one_is_answered_like_one_and_more_in_their_order() {
        let body = br#"[{"content":{"a":1}},{"content":{"b":2},"once":true}]"#;
        let deposits = call(Shape::List).deposits(body, 2).unwrap();
        let seen: Vec<_> = deposits.iter().map(|d| (d.payload, d.once)).collect();
        assert_eq!(seen, [(&br#"{"a":1}"#[..], false), (&br#"{"b":2}"#[..], true)]);
        let issued = |n: u8| (format!("h{n}"), format!("i{n}"), format!("k{n}"));
        let answer = |all: &[_]| call(Shape::List).answer(all);
        assert_eq!(answer(&[issued(1)]), r#"{"guid":"i1","key":"k1"}"#);
        let two = r#"[{"guid":"i1","key":"k1"},{"guid":"i2","key":"k2"}]"#;
        assert_eq!(answer(&[issued(1), issued(2)]), two);
    }
}
