//! Text files in blocks of whole rows.

use super::dialect::{Dialect, line_of};
use crate::error::TableError;
use memchr::{memchr, memchr_iter, memrchr};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Some whole rows of a text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    /// Where in the file it begins.
    pub(crate) offset: u64,
    /// The line it begins with, the file's first being 1.
    pub(crate) line: u64,
}

/// Memory of blocks that were read, for those that follow.
#[derive(Debug, Clone, Default)]
pub(crate) struct BufferPool(Arc<Mutex<Vec<Vec<u8>>>>);

impl BufferPool {
    /// Gives the memory of a block back.
    pub(crate) fn give(&self, block: Block) {
        if let Ok(mut buffers) = self.0.lock() {
            buffers.push(block.bytes);
        }
    }

    /// Memory with these bytes in it.
    fn take(&self, bytes: &[u8]) -> Vec<u8> {
        let mut memory = self.0.lock().ok().and_then(|mut buffers| buffers.pop()).unwrap_or_default();
        memory.clear();
        memory.extend_from_slice(bytes);
        memory
    }
}

/// Cuts what comes out of a reader into blocks.
pub(crate) struct Blocks<R> {
    pub(crate) file: PathBuf,
    pub(crate) reader: R,
    /// Where the next block begins.
    pub(crate) offset: u64,
    pub(crate) line: u64,
    /// What may hide a line end; nothing where each line is a row.
    pub(crate) dialect: Option<Dialect>,
    pub(crate) block_bytes: usize,
    pub(crate) max_line_bytes: usize,
    /// Hands out rows as soon as they are there, rather than full blocks.
    pub(crate) eager: bool,
    /// Read, but not yet handed out.
    pub(crate) rest: Vec<u8>,
    pub(crate) ended: bool,
    pub(crate) buffers: BufferPool,
}

impl<R: Read> Blocks<R> {
    /// Reads more; remembers when there is none.
    fn fill(&mut self) -> Result<(), TableError> {
        let want = self.block_bytes.max(self.rest.len());
        let have = self.rest.len();
        self.rest.resize(have + want, 0);
        let mut filled = have;
        while filled < self.rest.len() {
            match self.reader.read(&mut self.rest[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(TableError::system(&self.file, "data that can be read", &e)),
            }
            if self.eager && self.rest[..filled].contains(&b'\n') {
                break;
            }
        }
        self.rest.truncate(filled);
        Ok(())
    }

    /// Bytes of `rest` up to the end of its last whole row.
    fn whole(&self) -> Result<usize, TableError> {
        let quoted = self.dialect.filter(|dialect| memchr(dialect.quote, &self.rest).is_some());
        let scan = quoted.map(|dialect| dialect.scan(&self.rest));
        let whole = match &scan {
            Some(scan) => scan.whole,
            None => memrchr(b'\n', &self.rest).map_or(0, |end| end + 1),
        };
        // What follows the last line end is the beginning of a row, or at the end of the file a row.
        if self.rest.len() - whole <= self.max_line_bytes {
            let open_quote = scan.and_then(|scan| scan.open_quote).filter(|_| self.ended);
            return match open_quote {
                Some(open) => Err(self.open_quote(open)),
                None if self.ended => Ok(self.rest.len()),
                None => Ok(whole),
            };
        }
        if whole > 0 && !self.ended {
            return Ok(whole);
        }
        Err(match scan.and_then(|scan| scan.open_quote) {
            Some(open) => self.open_quote(open),
            None => TableError::data(
                &self.file,
                format!("lines of at most {} bytes", self.max_line_bytes),
                "a longer one",
            )
            .at_line(self.line + line_of(&self.rest, whole), None)
            .hint("is this a table of text, with a line end after each row?"),
        })
    }

    fn open_quote(&self, at: usize) -> TableError {
        let line = self.line + line_of(&self.rest, at);
        TableError::data(&self.file, "a quote that closes the one opened here", "none up to the end of the file")
            .at_line(line, Some(super::dialect::character_of(&self.rest, at)))
            .hint("a quote within a quoted cell is written twice; the rows after the open quote were taken for text")
    }
}

impl<R: Read> Iterator for Blocks<R> {
    type Item = Result<Block, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut rows_waiting = self.eager && self.rest.contains(&b'\n');
        loop {
            if !self.ended
                && !rows_waiting
                && let Err(e) = self.fill()
            {
                self.ended = true;
                self.rest.clear();
                return Some(Err(e));
            }
            rows_waiting = false;
            let whole = match self.whole() {
                Ok(0) if self.ended => return None,
                Ok(0) => continue,
                Ok(whole) => whole,
                Err(e) => {
                    self.ended = true;
                    self.rest.clear();
                    return Some(Err(e));
                }
            };
            let after = self.buffers.take(&self.rest[whole..]);
            let mut bytes = std::mem::replace(&mut self.rest, after);
            bytes.truncate(whole);
            let block = Block { offset: self.offset, line: self.line, bytes };
            self.offset += whole as u64;
            self.line += memchr_iter(b'\n', &block.bytes).count() as u64;
            return Some(Ok(block));
        }
    }
}
