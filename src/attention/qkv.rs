use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, OnceLock},
};

use ndarray::{Array2, Array3, ArrayView2, Axis, CowArray, linalg::general_mat_mul, s, stack};

use super::{Component, Edit, HeadEdit, HeadRule, HeadScores, Mask, Other, Pattern, Rule, ShapeError, scores::shared};

/// Rows of weights that are multiplied with the values at once.
const ROWS: usize = 256;

/// The query, key and value vectors of one layer: after projection, bias and rotary embedding, before attention.
///
/// With grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245) query head h reads kv head
/// `h / (n_heads / n_kv_heads)`.
#[derive(Clone, Debug)]
pub struct LayerQkv {
    query: Array3<f32>,
    key: Array3<f32>,
    value: Option<Array3<f32>>,
    rule: Rule,
    /// Key and value heads of the model: fewer than there are here where some of a group were changed.
    model_kv_heads: usize,
    /// The masks of heads in which edges are blocked.
    blocked: BTreeMap<usize, Mask>,
    /// `[n_heads, T, value_dim]`: what heads make of the values, where that itself was changed.
    written: Option<Array3<f32>>,
    /// `[n_heads, T, value_dim]`, without an edit; made when the first mean over heads asks for it.
    outputs: OnceLock<Option<Array3<f32>>>,
    /// Of a text that goes on behind its prompt: the prompt's, of which means over positions and sizes of noise are.
    prompt: Option<Arc<LayerQkv>>,
}

/// The numbers of a [`LayerQkv`], to be changed.
pub(super) struct Parts {
    pub query: Array3<f32>,
    pub key: Array3<f32>,
    pub value: Option<Array3<f32>>,
    pub written: Option<Array3<f32>>,
    pub blocked: BTreeMap<usize, Mask>,
    rule: Rule,
    model_kv_heads: usize,
}

impl Parts {
    /// Gives each query head its own copy of the key and value vectors that it reads.
    pub fn repeat_kv_heads(&mut self) {
        let (n_heads, n_kv_heads) = (self.query.len_of(Axis(0)), self.key.len_of(Axis(0)));
        if n_heads > n_kv_heads {
            let read: Vec<usize> = (0..n_heads).map(|head| head / (n_heads / n_kv_heads)).collect();
            self.key = self.key.select(Axis(0), &read);
            self.value = self.value.take().map(|value| value.select(Axis(0), &read));
        }
    }

    pub fn into_layer(self) -> LayerQkv {
        let Self { query, key, value, written, blocked, rule, model_kv_heads } = self;
        LayerQkv { query, key, value, rule, model_kv_heads, blocked, written, outputs: OnceLock::new(), prompt: None }
    }
}

impl LayerQkv {
    /// `query [n_heads, T, head_dim]`, `key [n_kv_heads, T, head_dim]`, `value [n_kv_heads, T, value_dim]`;
    /// `scale` multiplies q·k, usually `1/√head_dim`.
    ///
    /// # Errors
    /// When a dimension is zero or the shapes do not fit together.
    pub fn new(
        query: Array3<f32>,
        key: Array3<f32>,
        value: Option<Array3<f32>>,
        scale: f64,
        mask: Mask,
    ) -> Result<Self, ShapeError> {
        Self::with_rule(query, key, value, Rule::plain(scale, mask))
    }

    /// Like [`Self::new`], under any rule.
    ///
    /// # Errors
    /// Those of [`Self::new`], and when the rule is not for so many heads and positions.
    pub fn with_rule(
        query: Array3<f32>,
        key: Array3<f32>,
        value: Option<Array3<f32>>,
        rule: Rule,
    ) -> Result<Self, ShapeError> {
        let (n_heads, n_positions, head_dim) = query.dim();
        let (n_kv_heads, key_positions, key_dim) = key.dim();
        if query.is_empty() {
            let expected = "at least one head, position and dimension".to_owned();
            return Err(ShapeError::Mismatch { what: "query", expected, found: query.shape().to_vec() });
        }
        if (key_positions, key_dim) != (n_positions, head_dim) {
            let expected = format!("[kv_heads, {n_positions}, {head_dim}] like the query");
            return Err(ShapeError::Mismatch { what: "key", expected, found: key.shape().to_vec() });
        }
        if n_kv_heads == 0 || !n_heads.is_multiple_of(n_kv_heads) {
            return Err(ShapeError::Groups { n_heads, n_kv_heads });
        }
        if let Some(value) = &value
            && (value.dim().0, value.dim().1) != (n_kv_heads, n_positions)
        {
            let expected = format!("[{n_kv_heads}, {n_positions}, any] like the key");
            return Err(ShapeError::Mismatch { what: "value", expected, found: value.shape().to_vec() });
        }
        rule.check(n_heads, n_positions)?;
        let (written, blocked) = (None, BTreeMap::new());
        Ok(Parts { query, key, value, written, blocked, rule, model_kv_heads: n_kv_heads }.into_layer())
    }

    /// A copy of the numbers.
    pub(super) fn parts(&self) -> Parts {
        let Self { query, key, value, rule, model_kv_heads, blocked, written, .. } = self.clone();
        Parts { query, key, value, written, blocked, rule, model_kv_heads }
    }

    /// The same layer of a text that begins with a prompt: means over positions and sizes of noise are those of the
    /// prompt's vectors, as they were at its end.
    #[must_use]
    pub fn behind(self, prompt: Arc<Self>) -> Self {
        Self { prompt: Some(prompt), ..self }
    }

    /// Appends the query, key and value vectors `[heads, n, dimensions]` of the `n` positions that follow; `rule` is that of
    /// the longer text.
    ///
    /// # Errors
    /// When the vectors are of another layer, or the rule is not for so many positions. Then what there is is of no use.
    pub fn append(&mut self, [query, key, value]: [Array3<f32>; 3], rule: Rule) -> Result<(), ShapeError> {
        let (first, outputs) = (self.n_positions(), self.outputs.take().flatten());
        append("query", &mut self.query, &query)?;
        append("key", &mut self.key, &key)?;
        if let Some(values) = &mut self.value {
            append("value", values, &value)?;
        }
        rule.check(self.n_heads(), self.n_positions())?;
        self.rule = rule;
        if let Some(mut outputs) = outputs {
            // Known up to here: the rest is made as it comes, not all of it once more.
            let further = self.outputs_of(first..self.n_positions());
            let further = further.map(|further| append("output", &mut outputs, &further)).transpose()?;
            self.outputs = OnceLock::from(further.map(|()| outputs));
        }
        Ok(())
    }

    /// Number of query heads.
    pub fn n_heads(&self) -> usize {
        self.query.len_of(Axis(0))
    }

    /// Number of key and value heads, which divides that of query heads.
    pub fn n_kv_heads(&self) -> usize {
        self.key.len_of(Axis(0))
    }

    /// T, the number of tokens.
    pub fn n_positions(&self) -> usize {
        self.query.len_of(Axis(1))
    }

    /// Dimensions of each query and key vector.
    pub fn head_dim(&self) -> usize {
        self.query.len_of(Axis(2))
    }

    /// Which keys each query may attend to.
    pub fn mask(&self) -> &Mask {
        &self.rule.mask
    }

    /// What the layer does with q·k before and in its softmax.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Bytes of all vectors that are there by now.
    pub fn bytes(&self) -> usize {
        let n_values = self.value.as_ref().map_or(0, Array3::len);
        let outputs = self.outputs.get().and_then(Option::as_ref).into_iter().chain(&self.written);
        let n_outputs = outputs.map(Array3::len).sum::<usize>();
        size_of::<f32>() * (self.query.len() + self.key.len() + n_values + n_outputs)
    }

    /// The kv head that query head `head` reads.
    pub fn kv_head(&self, head: usize) -> usize {
        head / (self.n_heads() / self.n_kv_heads())
    }

    /// What one head does with q·k, whose edges may be blocked.
    pub(super) fn head_rule(&self, head: usize) -> HeadRule {
        let rule = self.rule.of_head(head);
        let mask = self.blocked.get(&head).cloned().unwrap_or_else(|| rule.mask.clone());
        HeadRule { mask, ..rule }
    }

    /// The kv head of the model that query head `head` reads, whether or not it has a copy of its own here.
    pub(super) fn model_kv_head(&self, head: usize) -> usize {
        head / (self.n_heads() / self.model_kv_heads)
    }

    /// A component's vectors of all heads that it has, `[n_heads or n_kv_heads, T, d]`; `None` of values, and of what is
    /// made of them, where there are none.
    pub fn of_all_heads(&self, component: Component) -> Option<&Array3<f32>> {
        match component {
            Component::Query => Some(&self.query),
            Component::Key => Some(&self.key),
            Component::Value => self.value.as_ref(),
            Component::Output => self.outputs(),
        }
    }

    /// What every head makes of the values, without an edit, `[n_heads, T, value_dim]`; `None` without values.
    /// Made on the thread that asks first, which waits for no other.
    pub(crate) fn outputs(&self) -> Option<&Array3<f32>> {
        self.outputs.get_or_init(|| self.outputs_of(0..self.n_positions())).as_ref()
    }

    /// [`Self::outputs`] at some positions, `[n_heads, queries, value_dim]`.
    fn outputs_of(&self, queries: Range<usize>) -> Option<Array3<f32>> {
        // The layer's number matters to edits alone.
        let output = |head| self.output_of(0, head, None, queries.clone());
        let heads: Vec<_> = (0..self.n_heads()).map(output).collect::<Option<_>>()?;
        stack(Axis(0), &heads.iter().map(|output| output.view()).collect::<Vec<_>>()).ok()
    }

    /// Of a text that goes on behind its prompt: the prompt's.
    pub(super) fn prompt(&self) -> Option<&Self> {
        self.prompt.as_deref()
    }

    /// What a head makes of the values, without an edit, `[T, value_dim]`; `None` without values.
    pub(super) fn unmodified_output(&self, head: usize) -> Option<Array2<f32>> {
        // The layer's number matters to edits alone.
        self.output_of(0, head, None, 0..self.n_positions())
    }

    /// `[T, head_dim]`, unmodified.
    pub fn query(&self, head: usize) -> ArrayView2<'_, f32> {
        self.query.index_axis(Axis(0), head)
    }

    /// `[T, head_dim]`, unmodified.
    pub fn key(&self, head: usize) -> ArrayView2<'_, f32> {
        self.key.index_axis(Axis(0), self.kv_head(head))
    }

    /// `[T, value_dim]`, unmodified; `None` for a capture without values.
    pub fn value(&self, head: usize) -> Option<ArrayView2<'_, f32>> {
        Some(self.value.as_ref()?.index_axis(Axis(0), self.kv_head(head)))
    }

    /// Scores of one head, from which every pattern of that head follows.
    pub fn head_scores(&self, head: usize) -> HeadScores {
        HeadScores::new(self.query(head), self.key(head), self.head_rule(head))
    }

    /// What the head adds to the residual stream before its output projection, `[T, value_dim]`:
    /// pattern · value, each under `edit`, and that again where the output itself is edited. `None` without values.
    pub fn head_output(&self, head: usize, pattern: &Pattern, edit: &HeadEdit) -> Option<Array2<f32>> {
        self.output_by_blocks(head, edit, 0..self.n_positions(), |_| pattern.clone())
    }

    /// What `head` of layer `layer` adds at the positions `queries`, `[queries, value_dim]`, under `edit`. No more than
    /// some rows of scores are there at once, and none afterwards. `None` without values.
    pub fn output_of(
        &self,
        layer: usize,
        head: usize,
        edit: Option<&Edit>,
        queries: Range<usize>,
    ) -> Option<Array2<f32>> {
        let [query, key] = [self.query(head), self.key(head)].map(shared);
        let other = edit.and_then(|edit| Some((edit, self.brought_in(layer, head, edit)?)));
        let edit_of = |queries: Range<usize>| {
            let other = other.as_ref().map(|(edit, vectors)| {
                let scores = self.scores_with(head, edit.component, vectors, queries);
                Arc::new(Other { vectors: vectors.clone(), scores: scores.map(Arc::new) })
            });
            HeadEdit::new(edit, other)
        };
        let pattern = |queries: Range<usize>| {
            let scores = HeadScores::of_queries(query.clone(), key.clone(), self.head_rule(head), queries.clone());
            Arc::new(scores).pattern(&edit_of(queries))
        };
        // Of no row: values are changed without scores.
        self.output_by_blocks(head, &edit_of(0..0), queries, pattern)
    }

    /// Pattern · value, some rows at a time, each time of the keys that any of them sees; and that again where the output
    /// itself is edited.
    fn output_by_blocks(
        &self,
        head: usize,
        edit: &HeadEdit,
        queries: Range<usize>,
        pattern: impl Fn(Range<usize>) -> Pattern,
    ) -> Option<Array2<f32>> {
        let is_edited = edit.edit().is_some_and(|edit| edit.component == Component::Output);
        let edited = |output: ArrayView2<'_, f32>| edit.applied_from(Component::Output, queries.start, output);
        if let Some(written) = &self.written {
            let output = written.slice(s![head, queries.clone(), ..]);
            return Some(if is_edited { edited(output) } else { output.to_owned() });
        }
        let value = match edit.edit() {
            Some(edited) if edited.component == Component::Value => {
                edit.applied(Component::Value, self.value(head)?).into()
            }
            _ => CowArray::from(self.value(head)?),
        };
        let mut output = Array2::zeros((queries.len(), value.ncols()));
        for (block, mut output) in output.axis_chunks_iter_mut(Axis(0), ROWS).enumerate() {
            let first = queries.start + block * ROWS;
            let rows = first..first + output.nrows();
            let pattern = pattern(rows.clone());
            let keys = pattern.span(rows.start).start..pattern.span(rows.end - 1).end;
            let weights = pattern.dense_part(rows, keys.clone());
            general_mat_mul(1.0, &weights, &value.slice(s![keys, ..]), 0.0, &mut output);
        }
        Some(if is_edited { edited(output.view()) } else { output })
    }
}

/// Makes `vectors [heads, T, dimensions]` longer by those of further positions. Memory is taken in advance, so that one
/// position after the other costs its own copy alone.
fn append(what: &'static str, vectors: &mut Array3<f32>, further: &Array3<f32>) -> Result<(), ShapeError> {
    let (heads, _, dimensions) = vectors.dim();
    vectors.append(Axis(1), further.view()).map_err(|_| {
        let expected = format!("[{heads}, any, {dimensions}] like the positions in front");
        ShapeError::Mismatch { what, expected, found: further.shape().to_vec() }
    })
}
