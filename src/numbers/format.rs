use std::{io, path::Path};

use super::weights_file::WeightsFile;

/// The formats that numbers are written in. Each holds the same weights to the last bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumbersFormat {
    /// NumPy's archive of arrays.
    Npz,
    /// Tensors behind a JSON header.
    Safetensors,
    /// Comma-separated values, a line for each cell.
    Csv,
    /// One object with nested lists.
    Json,
}

/// A name from which no format follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name must end in .npz, .safetensors, .csv or .json")]
pub struct UnknownFormat;

impl NumbersFormat {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 4] = [Self::Npz, Self::Safetensors, Self::Csv, Self::Json];

    /// What a name ends in, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Npz => "npz",
            Self::Safetensors => "safetensors",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The format that the extension says, in small or capital letters.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn of(path: &Path) -> Result<Self, UnknownFormat> {
        let found = path.extension().ok_or(UnknownFormat)?;
        Self::ALL.into_iter().find(|format| found.eq_ignore_ascii_case(format.extension())).ok_or(UnknownFormat)
    }
}

impl WeightsFile {
    /// Writes the numbers in `format`.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write(&self, format: NumbersFormat, out: &mut dyn io::Write) -> io::Result<()> {
        match format {
            NumbersFormat::Npz => self.write_npz(out),
            NumbersFormat::Safetensors => self.write_safetensors(out),
            NumbersFormat::Csv => self.write_csv(out),
            NumbersFormat::Json => self.write_json(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides() {
        for format in NumbersFormat::ALL {
            assert_eq!(NumbersFormat::of(Path::new(&format!("a/b.c.{}", format.extension()))), Ok(format));
        }
        assert_eq!(NumbersFormat::of(Path::new("W.NPZ")), Ok(NumbersFormat::Npz));
        for other in ["npz", "a.npy", "a.csv.gz", "", ".csv"] {
            assert_eq!(NumbersFormat::of(Path::new(other)), Err(UnknownFormat), "{other}");
        }
    }
}
