//! URLs as keys, and references from one to another on the same origin.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What is encoded in a query, and what in a path (<https://url.spec.whatwg.org/#percent-encoded-bytes>).
const IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\'');
const IN_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'^').add(b'`').add(b'{').add(b'}');

/// An URL's origin and the rest, without its fragment. A path of the worker's own routes has the origin "".
fn split(url: &str) -> (&str, &str) {
    let url = url.split('#').next().unwrap_or_default();
    let scheme = url.find([':', '/', '?', '\\']).unwrap_or_default();
    let authority = if url[scheme..].starts_with("://") { scheme + 3 } else { 0 };
    let end = url[authority..].find(['/', '?', '\\']).map_or(url.len(), |at| authority + at);
    url.split_at(if url.starts_with('/') { 0 } else { end })
}

/// Scheme, host and port of an URL, none for a path of the worker's own routes.
pub(crate) fn origin(url: &str) -> Option<String> {
    let key = key(url);
    let (origin, _) = split(&key);
    (!origin.is_empty()).then(|| origin.to_owned())
}

/// What an answer is stored under (RFC 9111 section 2): scheme and host in lower case, without a default port, with a
/// path, without a fragment (RFC 9110 section 4.2.3), and otherwise as the runtime sends it
/// (<https://url.spec.whatwg.org/#url-parsing>). A host that is not ASCII is left as it is.
pub(super) fn key(url: &str) -> String {
    let url: String = url.trim_matches(|c| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let (origin, rest) = split(&url);
    // Who asks is no part of the host, and has a case.
    let host = origin.rfind('@').map_or(0, |at| at + 1);
    let mut key = match host {
        0 => origin.to_ascii_lowercase(),
        host => format!("{}{}", &origin[..host], origin[host..].to_ascii_lowercase()),
    };
    for (scheme, port) in [("http://", ":80"), ("https://", ":443"), ("https://", ":"), ("http://", ":")] {
        if key.starts_with(scheme) && key.len() > scheme.len() + port.len() && key.ends_with(port) {
            key.truncate(key.len() - port.len());
        }
    }
    let path = without_query(rest);
    push_path(&mut key, &utf8_percent_encode(&path.replace('\\', "/"), IN_PATH).to_string());
    key.extend(utf8_percent_encode(&rest[path.len()..], IN_QUERY));
    key
}

/// The key of what a header of an answer refers to, if that has the origin of the answer's own key.
pub(super) fn on_same_origin(base: &str, reference: &[u8]) -> Option<String> {
    let reference = str::from_utf8(reference).ok()?.trim();
    let (origin, path) = split(base);
    let absolute = match reference {
        "" => return None,
        _ if has_scheme(reference) => reference.to_owned(),
        _ if reference.starts_with("//") => format!("{}:{reference}", origin.split(':').next()?),
        _ if reference.starts_with('/') => format!("{origin}{reference}"),
        _ if reference.starts_with(['?', '#']) => format!("{origin}{}{reference}", without_query(path)),
        _ => format!("{origin}{}{reference}", directory(path)),
    };
    let key = key(&absolute);
    (split(&key).0 == origin).then_some(key)
}

fn has_scheme(reference: &str) -> bool {
    let scheme = reference.split([':', '/', '?', '#']).next().unwrap_or_default();
    reference[scheme.len()..].starts_with(':')
}

fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

/// The path up to its last slash.
fn directory(path: &str) -> &str {
    let path = without_query(path);
    &path[..path.rfind('/').map_or(0, |at| at + 1)]
}

/// Adds a path with `.` and `..` resolved (RFC 3986 section 5.2.4).
fn push_path(key: &mut String, path: &str) {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    for (at, &segment) in segments.iter().enumerate() {
        let dots = dots(segment);
        if dots == Some(2) {
            kept.pop();
        }
        match dots {
            None => kept.push(segment),
            Some(_) if at + 1 == segments.len() => kept.push(""),
            Some(_) => {}
        }
    }
    key.push('/');
    key.push_str(&kept.join("/"));
}

/// Whether a segment is one dot or two, however written.
fn dots(segment: &str) -> Option<usize> {
    match segment.to_ascii_lowercase().as_str() {
        "." | "%2e" => Some(1),
        ".." | ".%2e" | "%2e." | "%2e%2e" => Some(2),
        _ => None,
    }
}
