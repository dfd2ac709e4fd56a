//! URLs as keys, and references from one to another on the same origin.

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
/// path, without a fragment (RFC 9110 section 4.2.3).
pub(super) fn key(url: &str) -> String {
    let (origin, rest) = split(url.trim());
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
    if !rest.starts_with('/') {
        key.push('/');
    }
    key.push_str(rest);
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
    let key = without_dots(&key(&absolute));
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

/// Resolves `.` and `..` (RFC 3986 section 5.2.4).
fn without_dots(key: &str) -> String {
    let (origin, rest) = split(key);
    let path = without_query(rest);
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("{origin}/{}{}", kept.join("/"), &rest[path.len()..])
}
