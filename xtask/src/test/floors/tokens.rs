//! Rust text as words and marks, each with its line: what comments and literals say is left out.

/// A word or a mark of a source text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

impl Token<'_> {
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The tokens of a text. `::` is one token, every other mark is one character.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, kept) = match first {
            _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            _ if rest.starts_with("/*") => (block_comment(rest), false),
            '"' => (quoted(rest), false),
            '\'' => (character_or_lifetime(rest), false),
            _ if first.is_alphabetic() || first == '_' => match prefixed_literal(rest) {
                Some(length) => (length, false),
                None => (word(rest), true),
            },
            _ if first.is_ascii_digit() => (word(rest), false),
            _ if rest.starts_with("::") => (2, true),
            _ => (first.len_utf8(), !first.is_whitespace()),
        };
        let (token, after) = rest.split_at(length);
        if kept {
            found.push(Token { text: token, line });
        }
        line += token.matches('\n').count();
        rest = after;
    }
    found
}

fn word(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Comments in blocks lie in one another.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a literal up to its unescaped closing quote.
fn quoted(text: &str) -> usize {
    let quote = text.as_bytes()[0];
    let mut at = 1;
    while at < text.len() {
        match text.as_bytes()[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

fn character_or_lifetime(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), _) => quoted(text),
        (_, Some((at, '\''))) => at + 1,
        _ => 1 + word(&text[1..]),
    }
}

/// The length of a literal such as `b"…"`, `b'…'` or `r#"…"#`, which begins like a word.
fn prefixed_literal(text: &str) -> Option<usize> {
    let prefix = word(text);
    let after = &text[prefix..];
    let hashes = after.bytes().take_while(|&byte| byte == b'#').count();
    match (&text[..prefix], after[hashes..].chars().next()) {
        ("r" | "br" | "cr", Some('"')) => {
            let opening = prefix + hashes + 1;
            let closing = format!("\"{}", &after[..hashes]);
            let length = text[opening..].find(&closing).map_or(text.len(), |at| opening + at + closing.len());
            Some(length)
        }
        ("b" | "c", Some('"' | '\'')) if hashes == 0 => Some(prefix + quoted(after)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_literals_are_left_out() {
        assert_eq!(words("a // b\n/* c /* d */ e */ f"), ["a", "f"]);
        assert_eq!(words(r##"a "b \" c" r#"d " e"# b"f" 'g' '\'' b'\n' h"##), ["a", "h"]);
        assert_eq!(words("fn f<'a>(x: &'a str)"), ["fn", "f", "<", ">", "(", "x", ":", "&", "str", ")"]);
    }

    #[test]
    fn paths_keep_their_marks_and_lines() {
        let found = tokens("use crate::a;\n\nuse b::{c};");
        assert_eq!(found[2], Token { text: "::", line: 1 });
        assert_eq!(found[5], Token { text: "use", line: 3 });
        assert_eq!(words("x1::Y"), ["x1", "::", "Y"]);
    }
}
