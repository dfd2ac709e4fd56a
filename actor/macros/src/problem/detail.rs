//! The format string of a problem's detail.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Fields, Ident, LitStr, Member};

/// A detail: text, with the fields that stand in it.
pub(super) struct Detail {
    /// A format string that names each field by its [`binding`].
    pub(super) format: String,
    /// The fields that the format string names, each once.
    pub(super) fields: Vec<Member>,
}

impl Detail {
    /// # Errors
    ///
    /// A placeholder names no field, or asks for what a detail cannot have.
    pub(super) fn parse(text: &LitStr, fields: &Fields) -> syn::Result<Self> {
        let written = text.value();
        let mut detail = Self { format: String::with_capacity(written.len()), fields: Vec::new() };
        let mut rest = written.as_str();
        while let Some(brace) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(brace);
            detail.format.push_str(before);
            let taken = detail.brace(from, fields);
            rest = &from[taken.map_err(|message| syn::Error::new(text.span(), message))?..];
        }
        detail.format.push_str(rest);
        Ok(detail)
    }

    /// Takes an escaped brace or a placeholder from the start of `from`: how many bytes it had.
    fn brace(&mut self, from: &str, fields: &Fields) -> Result<usize, String> {
        for escaped in ["{{", "}}"] {
            if from.starts_with(escaped) {
                self.format.push_str(escaped);
                return Ok(escaped.len());
            }
        }
        let end = from.find('}').filter(|end| *end > 0);
        let end = end.ok_or("unbalanced braces: write `{{` for `{`, and `}}` for `}`")?;
        self.placeholder(&from[1..end], fields)?;
        Ok(end + 1)
    }

    fn placeholder(&mut self, inside: &str, fields: &Fields) -> Result<(), String> {
        let (name, spec) = inside.split_once(':').unwrap_or((inside, ""));
        if spec.contains(['$', '*']) {
            return Err(format!("`{{{inside}}}`: write width and precision as numbers"));
        }
        let member = member(name.trim(), fields)?;
        let colon = if spec.is_empty() { "" } else { ":" };
        self.format.push_str(&format!("{{{}{colon}{spec}}}", binding(&member)));
        if !self.fields.contains(&member) {
            self.fields.push(member);
        }
        Ok(())
    }
}

/// The variable that holds a field, hidden from the user's names.
pub(super) fn binding(member: &Member) -> Ident {
    let name = match member {
        Member::Named(name) => format!("__{}", name.unraw()),
        Member::Unnamed(index) => format!("__{}", index.index),
    };
    Ident::new(&name, Span::mixed_site())
}

fn member(name: &str, fields: &Fields) -> Result<Member, String> {
    let known: Vec<_> = fields.members().map(|member| (spelt(&member), member)).collect();
    let found = known.iter().find(|(spelling, _)| spelling == name);
    found.map(|(_, member)| member.clone()).ok_or_else(|| unknown(name, &known))
}

fn spelt(member: &Member) -> String {
    match member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

fn unknown(name: &str, known: &[(String, Member)]) -> String {
    let names: Vec<_> = known.iter().map(|(spelling, _)| format!("`{{{spelling}}}`")).collect();
    match names.as_slice() {
        [] => format!("`{{{name}}}` names no field: there are none here"),
        names => format!("`{{{name}}}` names no field: there is {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn detail(text: &str) -> Result<Detail, String> {
        let fields = Fields::Named(parse_quote!({ owner: String, r#type: u8 }));
        let text = LitStr::new(text, Span::call_site());
        Detail::parse(&text, &fields).map_err(|error| error.to_string())
    }

    fn mistake(text: &str) -> String {
        detail(text).err().unwrap_or_else(|| panic!("{text} is accepted"))
    }

    #[test]
    fn placeholders_name_fields() {
        let detail = detail("{owner} of {type:>5} and {{braces}} and {owner:?}").unwrap();
        assert_eq!(detail.format, "{__owner} of {__type:>5} and {{braces}} and {__owner:?}");
        assert_eq!(detail.fields.len(), 2);
    }

    #[test]
    fn positions_name_fields_of_tuples() {
        let fields = Fields::Unnamed(parse_quote!((u8, u8)));
        let detail = Detail::parse(&parse_quote!("{1}"), &fields).unwrap();
        assert_eq!(detail.format, "{__1}");
        assert!(detail.fields == [Member::from(1)]);
    }

    #[test]
    fn each_mistake_has_its_own_words() {
        let cases = [
            ("{}", "there is `{owner}`, `{type}`"),
            ("{0}", "`{0}` names no field"),
            ("{owner", "unbalanced"),
            ("owner}", "unbalanced"),
            ("{owner:1$}", "as numbers"),
            ("{owner:.*}", "as numbers"),
        ];
        for (text, expected) in cases {
            let error = mistake(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
