//! Linear maps: matrix products with weights, on all cores.

use std::{cell::RefCell, ops::Range};

use ndarray::{Array2, ArrayView1, ArrayViewMut2, Axis};
use rayon::prelude::*;

use super::{
    matrix::Matrix,
    products::{self, GROUP, Rows, Scratch, Threads, Weight},
};
use crate::model::ModelError;

/// y = x·Wᵀ + b
pub struct Linear {
    /// `[out, in]` each; their outputs are side by side.
    parts: Vec<Matrix>,
    bias: Option<Vec<f32>>,
}

impl Linear {
    /// Without a bias; `weight [out, in]`.
    pub fn new(weight: Matrix) -> Self {
        Self { parts: vec![weight], bias: None }
    }

    /// With another bias, `[out]`.
    pub fn with_bias(self, bias: Vec<f32>) -> Self {
        Self { bias: Some(bias), ..self }
    }

    /// Maps of the same input as one, their outputs side by side; either all or none have a bias.
    ///
    /// # Errors
    /// When their inputs differ in size.
    pub fn stack(maps: impl IntoIterator<Item = Self>) -> Result<Self, ModelError> {
        let (mut parts, mut bias) = (Vec::new(), Vec::new());
        for map in maps {
            parts.extend(map.parts);
            bias.extend(map.bias.unwrap_or_default());
        }
        if let [first, rest @ ..] = &parts[..]
            && let Some(other) = rest.iter().find(|part| part.n_columns() != first.n_columns())
        {
            return Err(ModelError::Operand {
                operation: "stacking projections",
                expected: [other.n_rows(), first.n_columns()],
                found: [other.n_rows(), other.n_columns()],
            });
        }
        Ok(Self { parts, bias: (!bias.is_empty()).then_some(bias) })
    }

    /// Whether something is added to the products.
    pub fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    /// What is added to the products, `[out]`.
    pub fn bias(&self) -> Option<&[f32]> {
        self.bias.as_deref()
    }

    /// What each of `n_groups` equal stretches of one row of inputs adds to the outputs, `[n_groups, out]`, in f64 and
    /// without the bias.
    ///
    /// # Errors
    /// Those of [`Self::forward`].
    pub fn of_groups(&self, x: ArrayView1<'_, f32>, n_groups: usize) -> Result<Array2<f64>, ModelError> {
        const ROWS: usize = 64;
        self.expect("parts of a projection", [1, x.len()])?;
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        let width = (x.len() / n_groups.max(1)).max(1);
        let mut written = Array2::zeros((n_groups, self.d_out()));
        let mut first = 0;
        for part in &self.parts {
            part.check()?;
            let blocks: Vec<usize> = (0..part.n_rows()).step_by(ROWS).collect();
            let of_block = |&start: &usize| {
                let mut buffer = Vec::new();
                let rows = part.rows(start..(start + ROWS).min(part.n_rows()), &mut buffer)?;
                let of_group =
                    |(weight, x): (&[f32], &[f64])| weight.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum();
                let of_row = |row: &[f32]| row.chunks(width).zip(x.chunks(width)).map(of_group).collect();
                Ok(rows.chunks(x.len().max(1)).map(of_row).collect::<Vec<Vec<f64>>>())
            };
            let rows: Vec<Vec<Vec<f64>>> = blocks.par_iter().map(of_block).collect::<Result<_, ModelError>>()?;
            for (output, sums) in rows.into_iter().flatten().enumerate() {
                written.column_mut(first + output).iter_mut().zip(sums).for_each(|(y, sum)| *y = sum);
            }
            first += part.n_rows();
        }
        Ok(written)
    }

    /// Some of the outputs, `[T, outputs]`, in f64 and without the bias; one that does not exist is 0.
    ///
    /// # Errors
    /// Those of [`Self::forward`].
    pub fn outputs(&self, x: &Array2<f64>, outputs: &[usize]) -> Result<Array2<f64>, ModelError> {
        self.expect("some outputs", x.dim().into())?;
        let mut y = Array2::zeros((x.nrows(), outputs.len()));
        let mut first = 0;
        for part in &self.parts {
            let here: Vec<usize> =
                (0..outputs.len()).filter(|&at| (first..first + part.n_rows()).contains(&outputs[at])).collect();
            let rows = part.select(here.iter().map(|&at| outputs[at] - first))?.mapv(f64::from);
            for (&at, row) in here.iter().zip(rows.outer_iter()) {
                y.column_mut(at).assign(&x.dot(&row));
            }
            first += part.n_rows();
        }
        Ok(y)
    }

    /// # Errors
    /// When inputs of this shape are not as wide as the map's.
    fn expect(&self, operation: &'static str, found: [usize; 2]) -> Result<(), ModelError> {
        let expected = [found[0], self.d_in()];
        if found == expected { Ok(()) } else { Err(ModelError::Operand { operation, expected, found }) }
    }

    /// How many outputs there are.
    pub fn n_outputs(&self) -> usize {
        self.d_out()
    }

    fn d_in(&self) -> usize {
        self.parts.first().map_or(0, Matrix::n_columns)
    }

    fn d_out(&self) -> usize {
        self.parts.iter().map(Matrix::n_rows).sum()
    }

    /// `x [T, in]` to `[T, out]`. `operation` names the map in errors.
    ///
    /// # Errors
    /// When `x` has another width, or the weights cannot be read any more: their file was changed since it was opened, or
    /// one of them is not finite.
    pub fn forward(&self, operation: &'static str, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        self.expect(operation, x.dim().into())?;
        self.parts.iter().try_for_each(Matrix::check)?;
        let mut y = Array2::zeros((x.nrows(), self.d_out()));
        self.multiply(x, &mut y)?;
        if let Some(bias) = &self.bias {
            for mut row in y.outer_iter_mut() {
                row.iter_mut().zip(bias).for_each(|(y, bias)| *y += bias);
            }
        }
        Ok(y)
    }

    /// y ← x·Wᵀ
    fn multiply(&self, x: &Array2<f32>, y: &mut Array2<f32>) -> Result<(), ModelError> {
        thread_local! {
            /// Rows of a weight as f32, and what else a product needs: kept, because new memory costs more than decoding
            /// does.
            static KEPT: RefCell<(Vec<f32>, Scratch)> = RefCell::default();
        }

        let threads = products::threads(x.nrows(), x.ncols(), y.ncols());
        let x = x.as_standard_layout();
        let Some(x_values) = x.as_slice() else { return Ok(()) };
        let input = Rows::of(x_values, x.ncols(), threads);
        let multiply = |block: Block<'_>| {
            KEPT.with_borrow_mut(|(rows, scratch)| {
                let encoded = block.weight.encoding().filter(|&encoding| input.take(encoding));
                let weight = match encoded.and_then(|_| block.weight.encoded_rows(block.rows.clone())) {
                    Some(encoded) => Weight::Encoded(encoded),
                    None => Weight::Numbers(block.weight.rows(block.rows, rows)?),
                };
                input.times(weight, scratch, block.y);
                Ok(())
            })
        };
        let blocks = self.blocks(&input, y);
        match threads {
            Threads::One => blocks.into_iter().try_for_each(multiply),
            Threads::All => blocks.into_par_iter().try_for_each(multiply),
        }
    }

    /// The product in pieces that leave room for other things in a core's own cache.
    fn blocks<'a>(&'a self, input: &Rows, y: &'a mut Array2<f32>) -> Vec<Block<'a>> {
        /// 256 kB as f32.
        const MOST_CELLS: usize = 1 << 16;
        /// Small enough for the cores to finish together.
        const MOST_ROWS: usize = 48;
        /// Of rows that are not decoded, a few at a time for the widest vectors.
        const ENCODED_ROWS: usize = 64;

        let most = (MOST_CELLS / self.d_in().max(1)).clamp(GROUP, MOST_ROWS) / GROUP * GROUP;
        let mut blocks = Vec::new();
        let mut rest = y.view_mut();
        for weight in &self.parts {
            let at_once =
                if weight.encoding().is_some_and(|encoding| input.take(encoding)) { ENCODED_ROWS } else { most };
            for start in (0..weight.n_rows()).step_by(at_once) {
                let rows = start..(start + at_once).min(weight.n_rows());
                let (y, behind) = rest.split_at(Axis(1), rows.len());
                blocks.push(Block { weight, rows, y });
                rest = behind;
            }
        }
        blocks
    }
}

/// Some outputs of one part.
struct Block<'a> {
    weight: &'a Matrix,
    rows: Range<usize>,
    y: ArrayViewMut2<'a, f32>,
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::model::weights::matrix;

    /// Small whole numbers, so that sums are exact in any order.
    fn whole_numbers(rows: usize, columns: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 7) as f32 - 3.0)
    }

    #[test]
    fn products_are_the_same_on_one_thread_and_many_from_every_kind_of_matrix() {
        for (m, k, n) in [(3, 5, 4), (1, 40, 33), (70, 300, 401), (1, 100, 90_001), (2, 70_000, 9)] {
            let (x, weight) = (whole_numbers(m, k), whole_numbers(n, k));
            let expected = x.dot(&weight.t());
            let turned: Vec<f32> = weight.t().iter().copied().collect();
            let turned =
                matrix::tests::all_kinds([k, n], &turned).into_iter().map(|matrix| matrix.transposed().unwrap());
            let weight = matrix::tests::all_kinds([n, k], weight.as_slice().unwrap());
            for weight in weight.into_iter().chain(turned) {
                let y = Linear::new(weight).forward("test", &x).unwrap();
                assert!(y == expected, "{m}×{k}·{k}×{n}");
            }
        }
        // A view in another order.
        let (x, weight) = (whole_numbers(6, 5), whole_numbers(7, 6));
        let map = Linear::new(Matrix::held([7, 6], weight.iter().copied().collect()).unwrap());
        assert_eq!(map.forward("test", &x.clone().reversed_axes()).unwrap(), x.t().dot(&weight.t()));
    }

    /// Numbers whose sums are rounded.
    fn fractions(rows: usize, columns: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 7919 + j * 104_729) % 1009) as f32 / 1009.0 - 0.5)
    }

    #[test]
    fn a_rows_bits_depend_neither_on_the_rows_beside_it_nor_on_threads() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for (k, n) in [(5, 3), (301, 30), (576, 193), (1100, 50)] {
            let (x, weight) = (fractions(150, k), fractions(n, k));
            let map = Linear::new(Matrix::held([n, k], weight.into_raw_vec_and_offset().0).unwrap());
            let alone = |x: &Array2<f32>, n_threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                pool.install(|| map.forward("test", x).unwrap())
            };
            let all = alone(&x, 1);
            for _ in 0..20 {
                let rows: Vec<usize> = (0..2 + random(80)).map(|_| random(150)).collect();
                let found = alone(&x.select(Axis(0), &rows), 1 + random(3));
                assert_eq!(found, all.select(Axis(0), &rows), "{k} · {n}: {rows:?}");
            }
            let one = map.forward("test", &x.select(Axis(0), &[7])).unwrap();
            assert_eq!(one.row(0), all.row(7), "{k} · {n}: alone");
        }
    }

    #[test]
    fn rows_are_multiplied_as_the_file_has_them_once_they_were_looked_at() {
        let (k, n) = (96, 70);
        let (x, weight) = (fractions(3, k), whole_numbers(n, k));
        let numbers = weight.as_slice().unwrap();
        let expected = Linear::new(Matrix::held([n, k], numbers.to_vec()).unwrap()).forward("test", &x).unwrap();
        let mut n_encoded = 0;
        for matrix in matrix::tests::all_kinds([n, k], numbers) {
            assert!(matrix.encoded_rows(0..n).is_none(), "not looked at: {matrix:?}");
            let map = Linear::new(matrix.clone());
            for _ in 0..2 {
                for rows in [0..1, 0..3] {
                    assert_eq!(
                        map.forward("test", &x.slice(ndarray::s![rows.clone(), ..]).to_owned()).unwrap(),
                        expected.slice(ndarray::s![rows, ..]),
                        "{matrix:?}"
                    );
                }
            }
            n_encoded += usize::from(matrix.encoded_rows(0..n).is_some());
            if let Some(part) = matrix.part(5..69) {
                let part = Linear::new(part).forward("test", &x).unwrap();
                assert_eq!(part, expected.slice(ndarray::s![.., 5..69]), "{matrix:?}");
            }
        }
        assert!(n_encoded > 0);
    }

    #[test]
    fn parts_in_f64_sum_to_the_product() {
        let (x, weight) = (whole_numbers(1, 12), whole_numbers(130, 12));
        let expected = x.dot(&weight.t()).mapv(f64::from);
        for weight in matrix::tests::all_kinds([130, 12], weight.as_slice().unwrap()) {
            let map = Linear::new(weight);
            let groups = map.of_groups(x.row(0), 3).unwrap();
            assert_eq!(groups.dim(), (3, 130));
            assert_eq!(groups.sum_axis(Axis(0)), expected.row(0));
            assert_eq!(
                groups.row(2),
                map.of_groups(
                    array![0., 0., 0., 0., 0., 0., 0., 0., x[[0, 8]], x[[0, 9]], x[[0, 10]], x[[0, 11]]].view(),
                    1
                )
                .unwrap()
                .row(0)
            );
            let some = map.outputs(&x.mapv(f64::from), &[129, 0, 500]).unwrap();
            assert_eq!(some, array![[expected[[0, 129]], expected[[0, 0]], 0.0]]);
        }
        let map = Linear::new(Matrix::held([1, 2], vec![1.0, 2.0]).unwrap());
        let error = map.of_groups(array![1.0].view(), 1).unwrap_err().to_string();
        assert_eq!(error, "parts of a projection: expected [1, 2], found [1, 1]");
    }

    #[test]
    fn stacked_maps_give_their_outputs_side_by_side() {
        let part = |weight: Vec<f32>, bias: f32| {
            let d_in = weight.len();
            Linear::new(Matrix::held([1, d_in], weight).unwrap()).with_bias(vec![bias])
        };
        let stacked = Linear::stack([part(vec![1.0, 2.0], 10.0), part(vec![3.0, 4.0], 20.0)]).unwrap();
        assert_eq!(stacked.forward("test", &array![[1.0, 1.0]]).unwrap(), array![[13.0, 27.0]]);
        let error = stacked.forward("test", &array![[1.0]]).unwrap_err().to_string();
        assert_eq!(error, "test: expected [1, 2], found [1, 1]");
        let error = Linear::stack([part(vec![1.0, 2.0], 0.0), part(vec![3.0], 0.0)]).err().unwrap().to_string();
        assert_eq!(error, "stacking projections: expected [1, 2], found [1, 1]");
    }
}
