use std::ops::Range;

use half::f16;
use ndarray::{ArrayViewD, IxDyn, ShapeBuilder};

use super::{
    super::{error::ArrayProblem, tensor::Bytes},
    header::{Element, Header, Order},
};
use crate::base::Excerpt;

/// An npy array: as many bytes as its shape says.
pub struct Array {
    element: Element,
    order: Order,
    pub shape: Vec<usize>,
    pub(super) bytes: Bytes,
    pub(super) range: Range<usize>,
}

impl Array {
    /// `range` is where the elements lie in `bytes`.
    pub(super) fn new(header: Header, bytes: Bytes, range: Range<usize>) -> Self {
        let Header { element, order, shape, data_start: _ } = header;
        Self { element, order, shape, bytes, range }
    }

    pub(super) fn kind(&self) -> char {
        self.element.kind
    }

    /// The error for elements of another type.
    pub(super) fn unexpected(&self, expected: &'static str) -> ArrayProblem {
        ArrayProblem::Type { expected, found: Excerpt::new(&self.element.descr) }
    }

    /// Bytes of one floating-point number: 2, 4 or 8.
    pub fn float_size(&self) -> Result<usize, ArrayProblem> {
        match (self.element.kind, self.element.size) {
            ('f', size @ (2 | 4 | 8)) => Ok(size),
            ('V', 2) => Err(ArrayProblem::Raw(Excerpt::new(&self.element.descr))),
            _ => Err(self.unexpected("<f2, <f4 or <f8 numbers")),
        }
    }

    /// The elements as they lie in the file.
    pub fn data(&self) -> &[u8] {
        self.bytes.as_slice().get(self.range.clone()).unwrap_or_default()
    }

    /// The same numbers (of 1, 2, 4 or 8 bytes) little-endian, the last index running fastest. Copies only what is
    /// otherwise.
    pub(super) fn into_little_endian_rows(self) -> Self {
        let is_straight = self.order == Order::C || self.shape.iter().filter(|&&n| n != 1).count() < 2;
        if is_straight && (!self.element.is_big_endian || self.element.size == 1) {
            return self;
        }
        let copy = match self.element.size {
            2 => self.rearranged::<2>(),
            4 => self.rearranged::<4>(),
            8 => self.rearranged::<8>(),
            _ => self.rearranged::<1>(),
        };
        let (range, element) = (0..copy.len(), Element { is_big_endian: false, ..self.element });
        Self { element, order: Order::C, shape: self.shape, bytes: Bytes::new(copy), range }
    }

    fn rearranged<const N: usize>(&self) -> Vec<u8> {
        let numbers: &[[u8; N]] = self.data().as_chunks().0;
        let shape = IxDyn(&self.shape).set_f(self.order == Order::Fortran);
        let Ok(numbers) = ArrayViewD::from_shape(shape, numbers) else { return Vec::new() };
        let mut copy = Vec::with_capacity(numbers.len() * N);
        for &(mut number) in numbers {
            if self.element.is_big_endian {
                number.reverse();
            }
            copy.extend_from_slice(&number);
        }
        copy
    }

    /// The elements in the order in which they lie in the file.
    fn elements(&self) -> impl Iterator<Item = &[u8]> {
        self.data().chunks_exact(self.element.size)
    }

    /// Texts without the NULs that fill them up.
    pub fn texts(&self) -> Result<Vec<String>, ArrayProblem> {
        match self.element.kind {
            'U' => self.elements().map(|text| self.unicode(text).ok_or(ArrayProblem::NotUnicode)).collect(),
            'S' => {
                let end = |text: &[u8]| text.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
                let texts = self.elements().map(|text| std::str::from_utf8(&text[..end(text)]).map(str::to_owned));
                texts.collect::<Result<_, _>>().map_err(|_| ArrayProblem::NotUnicode)
            }
            _ => Err(self.unexpected("texts")),
        }
    }

    fn unicode(&self, text: &[u8]) -> Option<String> {
        let code = if self.element.is_big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
        let characters = text.as_chunks().0.iter().map(|&bytes| char::from_u32(code(bytes)));
        let mut text = characters.collect::<Option<String>>()?;
        text.truncate(text.trim_end_matches('\0').len());
        Some(text)
    }

    pub fn integers(&self) -> Result<Vec<i128>, ArrayProblem> {
        let is_signed = self.element.kind == 'i';
        if !matches!((self.element.kind, self.element.size), ('i' | 'u', 1 | 2 | 4 | 8)) {
            return Err(self.unexpected("integers"));
        }
        let integer = |bytes: &[u8]| {
            let mut wide = [0; 16];
            for (to, from) in wide.iter_mut().zip(bytes) {
                *to = *from;
            }
            if self.element.is_big_endian {
                wide[..bytes.len()].reverse();
            }
            // Shifted up and down again, so that the sign fills the upper bytes.
            let unused = 128 - 8 * self.element.size;
            let wide = i128::from_le_bytes(wide);
            if is_signed { (wide << unused) >> unused } else { wide }
        };
        Ok(self.elements().map(integer).collect())
    }

    pub fn floats(self) -> Result<Vec<f64>, ArrayProblem> {
        let size = self.float_size()?;
        let numbers = self.into_little_endian_rows();
        let data = numbers.data();
        Ok(match size {
            2 => data.as_chunks().0.iter().map(|&bytes| f16::from_le_bytes(bytes).to_f64()).collect(),
            4 => data.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes).into()).collect(),
            _ => data.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect(),
        })
    }

    pub fn bools(&self) -> Result<Vec<bool>, ArrayProblem> {
        match (self.element.kind, self.element.size) {
            ('b', 1) => Ok(self.data().iter().map(|&byte| byte != 0).collect()),
            _ => Err(self.unexpected("True or False")),
        }
    }
}
