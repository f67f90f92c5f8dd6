use std::io::{self, Write};

use rawzip::{ErrorKind, ZipArchiveWriter};
use serde_json::json;

use super::WeightsFile;

/// numpy maps arrays into memory where their data begins at a multiple of this.
const ALIGNMENT: usize = 64;

/// Magic, version 1.0, and the length of the header.
const BEFORE_HEADER: usize = 10;

impl WeightsFile {
    /// Writes an NPZ file, which `numpy.load` reads without unpickling: `epsilon [3, 3]` `<f8` (component, column),
    /// `baseline [T, T]` `<f4`, and `query`, `key`, `value`, each `[3, T, T]` `<f4` (column, query, key). Masked cells
    /// are 0. `tokens [T]` are Unicode, `token_ids [T]` `<u4` (left out where the source gives none); what is one
    /// number or one text has the shape `[]`; `scope` and `operation` are JSON texts, as in safetensors.
    ///
    /// Members are stored, not deflated, and carry no time: the same numbers always make the same file.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_npz(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut npz = NpzWriter(ZipArchiveWriter::new(out));
        npz.array("epsilon", "<f8", &[3, 3], self.epsilon.as_flattened().iter().map(|e| e.to_le_bytes()))?;
        npz.array("baseline", "<f4", self.baseline.shape(), self.baseline.iter().map(|w| w.to_le_bytes()))?;
        for (name, panels) in self.named_panels() {
            npz.array(name, "<f4", panels.shape(), panels.iter().map(|w| w.to_le_bytes()))?;
        }
        npz.texts("tokens", &[self.tokens.len()], &self.tokens)?;
        if let Some(ids) = &self.token_ids {
            npz.array("token_ids", "<u4", &[ids.len()], ids.iter().map(|id| id.to_le_bytes()))?;
        }
        for (name, number) in [
            ("layer", self.layer),
            ("head", self.head),
            ("n_layers", self.n_layers),
            ("n_heads", self.n_heads),
            ("n_kv_heads", self.n_kv_heads),
        ] {
            npz.array(name, "<u8", &[], [(number as u64).to_le_bytes()])?;
        }
        npz.array("causal", "|b1", &[], [[u8::from(self.is_causal())]])?;
        for (name, text) in [
            ("source", self.source.clone()),
            ("model", self.model.clone()),
            ("operation", json!(self.operation).to_string()),
            ("scope", json!(self.scope).to_string()),
        ] {
            npz.texts(name, &[], &[text])?;
        }
        npz.0.finish().map_err(io_error)?;
        Ok(())
    }
}

struct NpzWriter<W>(ZipArchiveWriter<W>);

impl<W: Write> NpzWriter<W> {
    /// An array whose elements have the type `descr`; the last index runs fastest.
    fn array<const N: usize>(
        &mut self,
        name: &str,
        descr: &str,
        shape: &[usize],
        elements: impl IntoIterator<Item = [u8; N]>,
    ) -> io::Result<()> {
        let path = format!("{name}.npy");
        let (mut member, config) = self.0.new_file(path.as_str()).start().map_err(io_error)?;
        let mut writer = io::BufWriter::new(config.wrap(&mut member));
        writer.write_all(&header(descr, shape)?)?;
        for element in elements {
            writer.write_all(&element)?;
        }
        let writer = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        let (_, descriptor) = writer.finish().map_err(io_error)?;
        member.finish(descriptor).map_err(io_error)?;
        Ok(())
    }

    /// Texts of equal length, filled up with NULs, as numpy keeps them.
    fn texts(&mut self, name: &str, shape: &[usize], texts: &[String]) -> io::Result<()> {
        // numpy has no texts of length 0.
        let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
        let characters =
            texts.iter().flat_map(|text| text.chars().chain(std::iter::repeat('\0')).take(longest)).map(u32::from);
        self.array(name, &format!("<U{longest}"), shape, characters.map(u32::to_le_bytes))
    }
}

/// Magic, version 1.0, the header's length, and the header as Python writes a dict, filled up with blanks.
fn header(descr: &str, shape: &[usize]) -> io::Result<Vec<u8>> {
    let numbers: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}{comma}), }}", numbers.join(", "));
    // The header ends with a line feed.
    let length = (BEFORE_HEADER + dict.len() + 1).next_multiple_of(ALIGNMENT) - BEFORE_HEADER;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(length).map_err(io::Error::other)?.to_le_bytes());
    bytes.extend(dict.bytes());
    bytes.resize(BEFORE_HEADER + length - 1, b' ');
    bytes.push(b'\n');
    Ok(bytes)
}

/// The output's own error where it is one, so that a full disk is reported as such.
fn io_error(error: rawzip::Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::IO(error) => error,
        other => io::Error::other(other.to_string()),
    }
}
