//! Writes GGUF files, good and bad.

/// A value of the metadata.
#[derive(Clone, Debug)]
pub enum Meta {
    U16(u16),
    U32(u32),
    I32(i32),
    F32(f32),
    Flag(bool),
    Text(String),
    Texts(Vec<String>),
    F32s(Vec<f32>),
    I32s(Vec<i32>),
    Flags(Vec<bool>),
    /// Type and value as they are.
    Raw(Vec<u8>),
}

impl From<&str> for Meta {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Meta {
    fn from(number: u32) -> Self {
        Self::U32(number)
    }
}

#[derive(Clone, Debug)]
pub struct Tensor {
    pub name: String,
    /// The last dimension running fastest.
    pub shape: Vec<usize>,
    pub format: u32,
    pub bytes: Vec<u8>,
}

/// A file to be written; whatever is in it, nothing is checked.
#[derive(Clone, Debug)]
pub struct Gguf {
    pub version: u32,
    pub pairs: Vec<(String, Meta)>,
    pub tensors: Vec<Tensor>,
    /// What tensors start at multiples of.
    pub alignment: usize,
}

impl Default for Gguf {
    fn default() -> Self {
        Self { version: 3, pairs: Vec::new(), tensors: Vec::new(), alignment: 32 }
    }
}

impl Gguf {
    /// In place of the value that is there, if one is.
    pub fn set(mut self, key: &str, value: impl Into<Meta>) -> Self {
        self = self.without(key);
        self.pairs.push((key.to_owned(), value.into()));
        self
    }

    pub fn without(mut self, key: &str) -> Self {
        self.pairs.retain(|(other, _)| other != key);
        self
    }

    pub fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap()
    }

    pub fn change(mut self, name: &str, change: impl FnOnce(&mut Tensor)) -> Self {
        change(self.tensor(name));
        self
    }

    /// Everything in front of the tensors' values, which start at `offsets`.
    pub fn header_with_offsets(&self, offsets: &[u64]) -> Vec<u8> {
        let mut bytes = [&b"GGUF"[..], &self.version.to_le_bytes()].concat();
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.pairs.len() as u64).to_le_bytes());
        for (key, value) in &self.pairs {
            text(&mut bytes, key);
            value.write(&mut bytes);
        }
        for (tensor, offset) in self.tensors.iter().zip(offsets) {
            text(&mut bytes, &tensor.name);
            bytes.extend((tensor.shape.len() as u32).to_le_bytes());
            tensor.shape.iter().rev().for_each(|size| bytes.extend((*size as u64).to_le_bytes()));
            bytes.extend(tensor.format.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
        }
        bytes
    }

    pub fn offsets(&self) -> Vec<u64> {
        let mut end = 0;
        let place = |tensor: &Tensor| {
            let start = end;
            end = (start + tensor.bytes.len()).next_multiple_of(self.alignment);
            start as u64
        };
        self.tensors.iter().map(place).collect()
    }

    pub fn header(&self) -> Vec<u8> {
        self.header_with_offsets(&self.offsets())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header();
        for tensor in &self.tensors {
            bytes.resize(bytes.len().next_multiple_of(self.alignment), 0);
            bytes.extend(&tensor.bytes);
        }
        bytes
    }
}

impl Meta {
    fn write(&self, bytes: &mut Vec<u8>) {
        let mut list = |kind: u32, item: u32, len: usize| {
            for number in [kind, item] {
                bytes.extend(number.to_le_bytes());
            }
            bytes.extend((len as u64).to_le_bytes());
        };
        match self {
            Self::Texts(texts) => {
                list(9, 8, texts.len());
                for item in texts {
                    text(bytes, item);
                }
            }
            Self::F32s(numbers) => {
                list(9, 6, numbers.len());
                for number in numbers {
                    bytes.extend(number.to_le_bytes());
                }
            }
            Self::I32s(numbers) => {
                list(9, 5, numbers.len());
                for number in numbers {
                    bytes.extend(number.to_le_bytes());
                }
            }
            Self::Flags(flags) => {
                list(9, 7, flags.len());
                bytes.extend(flags.iter().map(|&flag| u8::from(flag)));
            }
            Self::U16(number) => bytes.extend([&2_u32.to_le_bytes()[..], &number.to_le_bytes()].concat()),
            Self::I32(number) => bytes.extend([5_u32.to_le_bytes(), number.to_le_bytes()].concat()),
            Self::U32(number) => bytes.extend([4, *number].map(u32::to_le_bytes).concat()),
            Self::F32(number) => bytes.extend([6_u32.to_le_bytes(), number.to_le_bytes()].concat()),
            Self::Flag(flag) => bytes.extend([&7_u32.to_le_bytes()[..], &[u8::from(*flag)]].concat()),
            Self::Text(value) => {
                bytes.extend(8_u32.to_le_bytes());
                text(bytes, value);
            }
            Self::Raw(raw) => bytes.extend(raw),
        }
    }
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}
