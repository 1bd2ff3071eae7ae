//! A place in a text, and what stands there.

/// What is left of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a str) -> Self {
        Self { rest }
    }

    pub(super) fn is_at_end(self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Goes on by so many bytes.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// Skips blanks; says whether there were any.
    pub(super) fn blanks(&mut self) -> bool {
        let before = self.rest.len();
        self.rest = self.rest.trim_start();
        self.rest.len() < before
    }

    /// Skips one of these characters, if it is the next.
    pub(super) fn eat(&mut self, any: &[char]) -> Option<char> {
        let next = self.peek().filter(|next| any.contains(next))?;
        self.skip(next.len_utf8());
        Some(next)
    }

    /// A number of at most 14 digits, and how many there are.
    pub(super) fn digits(&mut self) -> Option<(u64, usize)> {
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest.get(..count).filter(|_| (1..=14).contains(&count))?.parse().ok()?;
        self.skip(count);
        Some((number, count))
    }

    /// A number of one or two digits.
    pub(super) fn short(&mut self) -> Option<u32> {
        let before = *self;
        match self.digits() {
            Some((number, 1 | 2)) => Some(number as u32),
            _ => {
                *self = before;
                None
            }
        }
    }

    /// A number of exactly so many digits.
    pub(super) fn exactly(&mut self, digits: usize) -> Option<u32> {
        let before = *self;
        match self.digits() {
            Some((number, count)) if count == digits => u32::try_from(number).ok(),
            _ => {
                *self = before;
                None
            }
        }
    }

    /// Letters, as many as there are.
    pub(super) fn word(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// What `read` finds here; nothing is skipped where it finds nothing.
    pub(super) fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut ahead = *self;
        let found = read(&mut ahead)?;
        *self = ahead;
        Some(found)
    }
}
