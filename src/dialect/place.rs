//! The outermost place of a slot: the body, a field, a header, a cookie, a part of
//! the target. Finds its text, and puts a new one back.
//!
//! Everything else of the request stays as sent; what a place cannot carry is a
//! fault and never a mangled request.

use std::borrow::Cow;

use http::HeaderName;
use http::header::{CONTENT_TYPE, COOKIE, SEC_WEBSOCKET_PROTOCOL};

use super::call::CallPattern;
use super::exchange::Base;
use super::request::Request;
use super::reveal::{RevealFault, Revealed};
use crate::rewrite::cookie::{self, Cookie};
use crate::rewrite::form::{self, Field};
use crate::rewrite::header::{Charset, field_value};
use crate::rewrite::list::{self, Element};
use crate::rewrite::multipart::{self, Boundary, Part};
use crate::rewrite::path::{self, Segment};
use crate::rewrite::percent::Plus;
use crate::rewrite::splice::{Edit, splice};

/// One match of a base in a request.
#[derive(Debug)]
pub(super) enum Place {
    Body,
    Form(Field),
    Part(Boundary, Part),
    Query(Field),
    Path(Segment),
    /// The nth line of that name.
    Header(HeaderName, usize),
    /// In the nth `Cookie` line.
    Cookie(usize, Cookie),
    /// In the nth `Sec-WebSocket-Protocol` line.
    Subprotocol(usize, Element),
}

/// Matches of a base, each with its text.
type Texts<'r> = Vec<(Place, Cow<'r, [u8]>)>;

/// The request's parts could not be read as what the dialect says they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is not what the exchange reads")]
pub struct Unreadable;

impl Base {
    /// Every match, with its text.
    pub(super) fn texts<'r>(
        &self,
        call: &CallPattern,
        request: &Request<'r>,
    ) -> Result<Texts<'r>, Unreadable> {
        Ok(match self {
            Self::Body if request.body.is_empty() => Vec::new(),
            Self::Body => vec![(Place::Body, Cow::Borrowed(request.body))],
            Self::Form(name) => {
                let fields = form::fields(request.body, name, Plus::Space);
                fields.map_err(|_| Unreadable)?.into_iter().map(in_form).collect()
            }
            Self::Multipart(name) => parts(name, request)?,
            Self::Query(name) => {
                let query = request.query.unwrap_or_default().as_bytes();
                let fields = form::fields(query, name, Plus::Space).map_err(|_| Unreadable)?;
                fields.into_iter().map(in_query).collect()
            }
            Self::Path(hole) => {
                let Some(at) = call.position(hole) else { return Ok(Vec::new()) };
                let segment = path::segment(request.path.as_bytes(), at);
                let segment = segment.map_err(|_| Unreadable)?;
                segment.into_iter().map(in_path).collect()
            }
            Self::Header(name) => lines(request, name)
                .map(|(at, text)| (Place::Header(name.clone(), at), Cow::Borrowed(text)))
                .collect(),
            Self::Cookie(name) => cookies(name, request)?,
            Self::Subprotocol => subprotocols(request)?,
        })
    }
}

fn in_form<'r>(field: Field) -> (Place, Cow<'r, [u8]>) {
    let text = Cow::Owned(field.text.clone().into_bytes());
    (Place::Form(field), text)
}

fn in_query<'r>(field: Field) -> (Place, Cow<'r, [u8]>) {
    let text = Cow::Owned(field.text.clone().into_bytes());
    (Place::Query(field), text)
}

fn in_path<'r>(segment: Segment) -> (Place, Cow<'r, [u8]>) {
    let text = Cow::Owned(segment.text.clone().into_bytes());
    (Place::Path(segment), text)
}

fn lines<'r>(request: &Request<'r>, name: &HeaderName) -> impl Iterator<Item = (usize, &'r [u8])> {
    request.headers.get_all(name).iter().map(http::HeaderValue::as_bytes).enumerate()
}

fn parts<'r>(name: &str, request: &Request<'r>) -> Result<Texts<'r>, Unreadable> {
    if request.body.is_empty() {
        return Ok(Vec::new());
    }
    let kind = request.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let boundary = kind.and_then(multipart::boundary).ok_or(Unreadable)?;
    let parts = multipart::fields(request.body, &boundary, name).map_err(|_| Unreadable)?;
    let place = |part: Part| {
        let text = Cow::Owned(part.text.clone().into_bytes());
        (Place::Part(boundary.clone(), part), text)
    };
    Ok(parts.into_iter().map(place).collect())
}

fn cookies<'r>(name: &str, request: &Request<'r>) -> Result<Texts<'r>, Unreadable> {
    let mut found = Vec::new();
    for (at, line) in lines(request, &COOKIE) {
        for cookie in cookie::find(line, name).map_err(|_| Unreadable)? {
            let text = Cow::Owned(cookie.text.clone().into_bytes());
            found.push((Place::Cookie(at, cookie), text));
        }
    }
    Ok(found)
}

fn subprotocols<'r>(request: &Request<'r>) -> Result<Texts<'r>, Unreadable> {
    let mut found = Vec::new();
    for (at, line) in lines(request, &SEC_WEBSOCKET_PROTOCOL) {
        for element in list::elements(line).map_err(|_| Unreadable)? {
            let text = Cow::Owned(element.text.clone().into_bytes());
            found.push((Place::Subprotocol(at, element), text));
        }
    }
    Ok(found)
}

/// New texts for places, gathered until all are known.
#[derive(Default)]
pub(super) struct Changes {
    body: Option<Vec<u8>>,
    body_edits: Vec<Edit>,
    query_edits: Vec<Edit>,
    path_edits: Vec<Edit>,
    headers: Vec<(HeaderName, usize, Option<String>)>,
    /// Within a line of a header that holds several texts.
    line_edits: Vec<(HeaderName, usize, Edit)>,
}

impl Changes {
    /// Puts a new text in a place.
    pub(super) fn put(&mut self, place: &Place, new: Vec<u8>) -> Result<(), RevealFault> {
        if let Place::Body = place {
            self.body = Some(new);
            return Ok(());
        }
        let new = String::from_utf8(new).map_err(|_| RevealFault::NotCarried)?;
        match place {
            Place::Body => {}
            Place::Form(field) => self.body_edits.push(form::replace(field, &new)),
            Place::Part(boundary, part) => {
                let edit = multipart::replace(boundary, part, &new);
                self.body_edits.push(edit.map_err(|_| RevealFault::NotCarried)?);
            }
            Place::Query(field) => self.query_edits.push(form::replace(field, &new)),
            Place::Path(segment) => {
                let edit = path::replace(segment, &new);
                self.path_edits.push(edit.map_err(|_| RevealFault::NotCarried)?);
            }
            Place::Header(name, at) => {
                let value =
                    field_value(&new, Charset::Utf8).map_err(|_| RevealFault::NotCarried)?;
                self.headers.push((name.clone(), *at, Some(value.to_owned())));
            }
            Place::Cookie(at, cookie) => {
                let edit = cookie::replace(cookie, &new).map_err(|_| RevealFault::NotCarried)?;
                self.line_edits.push((COOKIE, *at, edit));
            }
            Place::Subprotocol(at, element) => {
                let edit = list::replace(element, &new).map_err(|_| RevealFault::NotCarried)?;
                self.line_edits.push((SEC_WEBSOCKET_PROTOCOL, *at, edit));
            }
        }
        Ok(())
    }

    /// Takes a place out.
    pub(super) fn take_out(
        &mut self,
        place: &Place,
        request: &Request<'_>,
    ) -> Result<(), RevealFault> {
        match place {
            // Neither can be left out without becoming another call.
            Place::Body | Place::Path(_) => return Err(RevealFault::NotDroppable),
            Place::Form(field) => self.body_edits.extend(form::remove(request.body, [field])),
            Place::Part(_, part) => self.body_edits.push(multipart::remove(part)),
            Place::Query(field) => {
                let query = request.query.unwrap_or_default().as_bytes();
                self.query_edits.extend(form::remove(query, [field]));
            }
            Place::Header(name, at) => self.headers.push((name.clone(), *at, None)),
            Place::Cookie(at, cookie) => {
                let line = lines(request, &COOKIE).nth(*at).map(|(_, line)| line);
                let edits = cookie::remove(line.unwrap_or_default(), [cookie]);
                self.line_edits.extend(edits.into_iter().map(|edit| (COOKIE, *at, edit)));
            }
            Place::Subprotocol(at, element) => {
                let line = lines(request, &SEC_WEBSOCKET_PROTOCOL).nth(*at).map(|(_, line)| line);
                let edits = list::remove(line.unwrap_or_default(), element);
                let edits = edits.into_iter().map(|edit| (SEC_WEBSOCKET_PROTOCOL, *at, edit));
                self.line_edits.extend(edits);
            }
        }
        Ok(())
    }

    /// The revealed request.
    pub(super) fn finish(self, request: &Request<'_>) -> Result<Revealed, RevealFault> {
        let body = match self.body {
            Some(body) => Some(body),
            None if self.body_edits.is_empty() => None,
            None => Some(splice(request.body, self.body_edits)?),
        };
        let mut headers = self.headers;
        for name in [COOKIE, SEC_WEBSOCKET_PROTOCOL] {
            for (at, line) in lines(request, &name) {
                let here =
                    |(other, nth, _): &&(HeaderName, usize, Edit)| *other == name && *nth == at;
                let edits = self.line_edits.iter().filter(here);
                let edits: Vec<Edit> = edits.map(|(_, _, edit)| edit.clone()).collect();
                if !edits.is_empty() {
                    let line = String::from_utf8(splice(line, edits)?);
                    let line = line.map_err(|_| RevealFault::NotCarried)?;
                    headers.push((name.clone(), at, Some(line).filter(|line| !line.is_empty())));
                }
            }
        }
        let target = target(request, self.path_edits, self.query_edits)?;
        Ok(Revealed::new(body, target, headers))
    }
}

fn target(
    request: &Request<'_>,
    path_edits: Vec<Edit>,
    query_edits: Vec<Edit>,
) -> Result<Option<String>, RevealFault> {
    if path_edits.is_empty() && query_edits.is_empty() {
        return Ok(None);
    }
    let mut target = splice(request.path.as_bytes(), path_edits)?;
    if let Some(query) = request.query {
        let query = splice(query.as_bytes(), query_edits)?;
        if !query.is_empty() {
            target.push(b'?');
            target.extend_from_slice(&query);
        }
    }
    String::from_utf8(target).map(Some).map_err(|_| RevealFault::NotCarried)
}
