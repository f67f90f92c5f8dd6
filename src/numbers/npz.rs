use std::io::{self, Write};

use rawzip::{ErrorKind, ZipArchiveWriter};
use serde_json::json;

use super::weights_file::WeightsFile;

/// numpy maps arrays into memory where their data begins at a multiple of this.
const ALIGNMENT: usize = 64;

/// Magic, version 1.0, and the length of the header.
const BEFORE_HEADER: usize = 10;

impl WeightsFile {
    /// Writes an NPZ file, which `numpy.load` reads without unpickling: `epsilon [rows, columns]` `<f8`,
    /// `baseline [T, T]` `<f4`, and of `query`, `key`, `value` the rows that
    /// there are, each `[columns, T, T]` `<f4` (column, query, key). Masked cells
    /// are 0. Where the head has a sink logit, what goes to it are `baseline_rest [T]` and, of those rows, `query_rest`,
    /// `key_rest`, `value_rest`, each `[columns, T]` `<f4`. `tokens [T]` and `token_text [T]` are Unicode, `token_ids [T]` `<u4` (left out where the source gives none); what is one
    /// number or one text has the shape `[]`; `scope`, `operation` and `in_force` (where something is) are JSON texts, as in safetensors.
    ///
    /// Members are stored, not deflated, and carry no time: the same numbers always make the same file.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_npz(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut npz = NpzWriter(ZipArchiveWriter::new(out));
        let (epsilon, shape) = (&self.experiment.epsilon, self.experiment.shape());
        let values = epsilon.values().map(|epsilon| epsilon.get().to_le_bytes());
        if self.is_modified() {
            npz.array("epsilon", "<f8", &[shape.rows().count(), shape.n_columns()], values)?;
        }
        npz.array("baseline", "<f4", self.baseline.shape(), self.baseline.iter().map(|w| w.to_le_bytes()))?;
        for (name, panels) in self.named_panels() {
            npz.array(name, "<f4", panels.shape(), panels.iter().map(|w| w.to_le_bytes()))?;
        }
        if let Some(rest) = &self.rest {
            npz.array("baseline_rest", "<f4", rest.baseline.shape(), rest.baseline.iter().map(|w| w.to_le_bytes()))?;
        }
        for (name, rest) in self.named_rest() {
            npz.array(name, "<f4", rest.shape(), rest.iter().map(|w| w.to_le_bytes()))?;
        }
        npz.texts("tokens", &[self.tokens.len()], &self.tokens)?;
        npz.texts("token_text", &[self.token_texts.len()], &self.token_texts)?;
        if let Some(ids) = &self.token_ids {
            npz.array("token_ids", "<u4", &[ids.len()], ids.iter().map(|id| id.to_le_bytes()))?;
        }
        for (name, number) in [
            ("layer", self.experiment.layer),
            ("head", self.experiment.head),
            ("n_layers", self.n_layers),
            ("n_heads", self.n_heads),
            ("n_kv_heads", self.n_kv_heads),
        ] {
            // Signed, as numpy's own integers are.
            npz.array(name, "<i8", &[], [(number as u64).to_le_bytes()])?;
        }
        npz.array("causal", "|b1", &[], [[u8::from(self.is_causal())]])?;
        let of_intervention = [
            ("operation", json!(self.experiment.operation).to_string()),
            ("scope", json!(self.experiment.scope).to_string()),
        ];
        let in_force = &self.experiment.in_force;
        let in_force = (!in_force.is_empty()).then(|| ("in_force", json!(in_force).to_string()));
        let of_intervention = of_intervention.into_iter().chain(in_force).filter(|_| self.is_modified());
        let of_source = [("source", self.source.clone()), ("model", self.model.clone())];
        for (name, text) in of_source.into_iter().chain(of_intervention) {
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

#[cfg(test)]
mod tests {
    use super::{super::tests::file, *};
    use crate::capture::{Archive, Array, Bytes};

    fn written(file: &WeightsFile) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.write_npz(&mut bytes).unwrap();
        bytes
    }

    fn bits(array: &Array) -> Vec<u32> {
        array.data().as_chunks().0.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect()
    }

    fn bits_of<'a>(weights: impl IntoIterator<Item = &'a f32>) -> Vec<u32> {
        weights.into_iter().map(|weight| weight.to_bits()).collect()
    }

    #[test]
    fn our_own_reader_finds_the_same_bits() {
        let file = file();
        let bytes = Bytes::new(written(&file));
        let mut archive = Archive::open(&bytes).unwrap();
        let mut array = |name: &str| archive.array(name).unwrap().unwrap();
        let baseline = array("baseline");
        assert_eq!((baseline.shape.as_slice(), baseline.float_size().unwrap()), (&[2, 2][..], 4));
        assert_eq!(bits(&baseline), bits_of(&file.baseline));
        for (name, panels) in file.named_panels() {
            let found = array(name);
            assert_eq!((found.shape.as_slice(), bits(&found)), (&[3, 2, 2][..], bits_of(panels)), "{name}");
        }
        let epsilon = array("epsilon");
        assert_eq!((epsilon.shape.as_slice(), epsilon.float_size().unwrap()), (&[3, 3][..], 8));
        assert_eq!(epsilon.floats().unwrap(), file.epsilon().concat());
        let tokens = array("tokens");
        assert_eq!((tokens.shape.as_slice(), tokens.texts().unwrap()), (&[2][..], file.tokens.clone()));
        assert_eq!(array("token_text").texts().unwrap(), file.token_texts);
        assert_eq!(array("token_ids").integers().unwrap(), [0, 7]);
        for (name, number) in [("layer", 14), ("head", 3), ("n_layers", 30), ("n_heads", 9), ("n_kv_heads", 3)] {
            let found = array(name);
            assert_eq!((found.shape.len(), found.integers().unwrap()), (0, vec![number]), "{name}");
        }
        assert_eq!(array("causal").bools().unwrap(), [true]);
        for (name, text) in [
            ("source", "bundled:smollm2"),
            ("model", "SmolLM2"),
            ("operation", "\"scale\""),
            ("scope", r#"{"heads":"shown","layers":"shown","positions":"all"}"#),
        ] {
            let found = array(name);
            assert_eq!((found.shape.len(), found.texts().unwrap()), (0, vec![text.to_owned()]), "{name}");
        }
    }

    #[test]
    fn data_is_aligned_and_the_same_numbers_make_the_same_file() {
        assert!(written(&file()) == written(&file()));
        for shape in [&[][..], &[7], &[3, 512, 512]] {
            let header = header("<f4", shape).unwrap();
            assert!(header.len().is_multiple_of(ALIGNMENT) && header.ends_with(b"\n"), "{}", header.escape_ascii());
        }
        let without_ids = WeightsFile { token_ids: None, ..file() };
        let bytes = Bytes::new(written(&without_ids));
        assert!(!Archive::open(&bytes).unwrap().has("token_ids"));
    }
}
