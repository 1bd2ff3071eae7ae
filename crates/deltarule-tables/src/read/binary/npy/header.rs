//! The header of an NPY file.
//!
//! It is read here rather than by a crate: it is a dictionary of three known keys, and the crates at hand read it
//! with a parser of all of Python's literals, which recurses as deep as a hostile header likes.

/// The header of an array.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NpyHeader {
    pub(super) descr: Descr,
    pub(super) fortran: bool,
    pub(super) shape: Vec<u64>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Descr {
    Plain(String),
    Structured,
}

/// Where in the header something is wrong, what was expected there, and what was found.
pub(super) type HeaderError = (usize, &'static str, String);

impl NpyHeader {
    /// Reads `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`, its keys in any order.
    pub(super) fn parse(text: &[u8]) -> Result<Self, HeaderError> {
        let mut cursor = Cursor { text, at: 0 };
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        cursor.expect(b'{')?;
        loop {
            if cursor.accept(b'}') {
                break;
            }
            let key = cursor.string()?;
            cursor.expect(b':')?;
            match key.as_str() {
                "descr" if cursor.peek() == Some(b'[') => {
                    // What the records are made of does not matter: they are refused.
                    descr = Some(Descr::Structured);
                    fortran = fortran.or(Some(false));
                    shape = shape.or(Some(vec![]));
                    break;
                }
                "descr" => descr = Some(Descr::Plain(cursor.string()?)),
                "fortran_order" => fortran = Some(cursor.boolean()?),
                "shape" => shape = Some(cursor.shape()?),
                _ => return Err(cursor.wrong("descr, fortran_order or shape")),
            }
            if !cursor.accept(b',') && cursor.peek() != Some(b'}') {
                return Err(cursor.wrong("a comma or the end of the header"));
            }
        }
        match (descr, fortran, shape) {
            (Some(descr), Some(fortran), Some(shape)) => Ok(Self { descr, fortran, shape }),
            _ => Err(cursor.wrong("descr, fortran_order and shape in the header")),
        }
    }
}

/// A place in a header.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), HeaderError> {
        if self.accept(byte) { Ok(()) } else { Err(self.wrong("a dictionary as NumPy writes it")) }
    }

    fn wrong(&self, expected: &'static str) -> HeaderError {
        let rest: Vec<u8> = self.text[self.at.min(self.text.len())..].iter().copied().take(20).collect();
        let found = match rest.is_empty() {
            true => "the end of the header".to_owned(),
            false => format!("{:?}", String::from_utf8_lossy(&rest)),
        };
        (self.at, expected, found)
    }

    fn string(&mut self) -> Result<String, HeaderError> {
        let quote = match self.peek() {
            Some(quote @ (b'\'' | b'"')) => quote,
            _ => return Err(self.wrong("a string")),
        };
        let start = self.at + 1;
        let Some(length) = self.text[start..].iter().position(|&byte| byte == quote) else {
            return Err(self.wrong("a string that ends"));
        };
        self.at = start + length + 1;
        Ok(String::from_utf8_lossy(&self.text[start..start + length]).into_owned())
    }

    fn boolean(&mut self) -> Result<bool, HeaderError> {
        self.peek();
        for (word, value) in [("True", true), ("False", false)] {
            if self.text[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("True or False"))
    }

    fn shape(&mut self) -> Result<Vec<u64>, HeaderError> {
        /// NumPy itself allows no more.
        const MOST_AXES: usize = 64;
        self.expect(b'(')?;
        let mut shape = Vec::new();
        while !self.accept(b')') {
            self.peek();
            let digits = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let number =
                std::str::from_utf8(&self.text[self.at..self.at + digits]).ok().and_then(|n| n.parse().ok());
            let Some(number) = number.filter(|_| shape.len() < MOST_AXES) else {
                return Err(self.wrong("a length below 2^64"));
            };
            shape.push(number);
            self.at += digits;
            if !self.accept(b',') && self.peek() != Some(b')') {
                return Err(self.wrong("a comma or the end of the shape"));
            }
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_in_any_order_of_their_keys() {
        let header =
            NpyHeader::parse(b"{'shape': (3, 4,), \"fortran_order\": True, 'descr': '>f4'}  \n").unwrap();
        assert_eq!(
            header,
            NpyHeader { descr: Descr::Plain(">f4".to_owned()), fortran: true, shape: vec![3, 4] }
        );
        assert!(NpyHeader::parse(b"{'descr': '<f8', 'fortran_order': False}").is_err());
        assert!(NpyHeader::parse(b"{'descr': '<f8' 'shape': ()}").is_err());
        assert!(NpyHeader::parse(&[b'('; 1000]).is_err());
    }
}
