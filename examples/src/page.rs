//! What the examples' pages share.

use std::borrow::Cow;

use duractor::Html;

/// Document type, style and icon.
pub(crate) const HEAD: &str = include_str!("head.html");

/// A page with a title, which is text as HTML, and a link back to the index.
pub(crate) fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "{HEAD}<title>{title} · Duractor</title>\n<main class=\"small\">\n\
         <nav><a href=\"/\">← All examples</a></nav>\n<h1>{title}</h1>\n{body}\n</main>\n"
    ))
}

/// Text as HTML shows it, in an element or in a quoted attribute.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text.into();
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("plain"), "plain");
        assert_eq!(escape(r#"<a href="&'">"#), "&lt;a href=&quot;&amp;&#39;&quot;&gt;");
    }
}
