//! Norms of query and key vectors.

use ndarray::ArrayViewMut1;

use super::{
    super::description::{self, NormExtent, NormPlace},
    tensors::Tensors,
};
use crate::model::{ModelError, layers::norms::Norm};

/// The norms of one layer's queries and keys.
pub struct QkNorms {
    pub query: HeadNorms,
    pub key: HeadNorms,
    pub place: NormPlace,
}

/// What is normed together.
pub enum HeadNorms {
    /// Each head, all in the same way.
    Head(Norm),
    /// Each head in its own way.
    EachHead(Vec<Norm>),
    /// All heads together.
    Width(Norm),
}

impl QkNorms {
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(
        described: &description::QkNorm,
        [n_heads, n_kv_heads, head_dim]: [usize; 3],
        below: &Tensors<'_>,
    ) -> Result<Self, ModelError> {
        let extent = described.extent;
        Ok(Self {
            query: HeadNorms::load(&described.query, extent, [n_heads, head_dim], below)?,
            key: HeadNorms::load(&described.key, extent, [n_kv_heads, head_dim], below)?,
            place: described.place,
        })
    }
}

impl HeadNorms {
    fn load(
        norm: &description::Norm,
        extent: NormExtent,
        [n, head_dim]: [usize; 2],
        below: &Tensors<'_>,
    ) -> Result<Self, ModelError> {
        Ok(match extent {
            NormExtent::Head => Self::Head(below.norm(norm, head_dim)?),
            NormExtent::Width => Self::Width(below.norm(norm, n * head_dim)?),
            NormExtent::EachHead => Self::EachHead(below.norms_in_one(norm, [n, head_dim])?),
            NormExtent::NamedHead => {
                let of_head = |head: usize| {
                    let prefix = format!("{}{}.{head}.", below.prefix, norm.name);
                    let below = Tensors { prefix: &prefix, ..*below };
                    below.norm(&description::Norm { name: "", ..*norm }, head_dim)
                };
                Self::EachHead((0..n).map(of_head).collect::<Result<_, _>>()?)
            }
        })
    }

    /// All heads of one position, before they are parted.
    pub fn norm_width(&self, mut heads: ArrayViewMut1<'_, f32>) {
        if let (Self::Width(norm), Some(heads)) = (self, heads.as_slice_mut()) {
            norm.in_place(heads);
        }
    }

    /// One head's vector.
    pub fn norm_head(&self, head: usize, vector: &mut [f32]) {
        match self {
            Self::Head(norm) => norm.in_place(vector),
            Self::EachHead(norms) => {
                if let Some(norm) = norms.get(head) {
                    norm.in_place(vector);
                }
            }
            Self::Width(_) => {}
        }
    }
}
