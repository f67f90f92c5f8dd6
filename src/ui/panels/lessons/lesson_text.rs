//! What each lesson says.

use crate::ui::shell::lesson::Lesson;

/// One page. The illustration stands after the first paragraph.
pub struct LessonText {
    pub title: &'static str,
    pub paragraphs: &'static [&'static str],
    /// Where it comes from.
    pub sources: &'static str,
}

const PANEL: LessonText = LessonText {
    title: "What a panel shows",
    paragraphs: &[
        "A model reads a text in tokens, pieces of words. In an attention head each token looks at the tokens before it and \
         at itself. A panel shows who looks at whom: one row for each token that looks, one column for each that is looked at.",
        "The token that looks has made a query, those that are looked at a key each. Where query and key fit, their score is \
         high. The softmax turns the scores of a row into weights that sum to 1: red is much, blue is little.",
        "Cells above the diagonal are masked: no token looks at a later one. So the first row has one cell, whose weight is 1.",
        "Each row of panels turns down Query, Key or Value by the factor ε, each column by another ε. They are written as in \
         the paper: 5e-1 is 0.5, 1e-3 is 0.001. View ▸ Notation writes them otherwise.",
        "Point at a cell for its numbers; click it to keep it. The sentence above follows.",
    ],
    sources: "Vaswani et al. 2017, arXiv 1706.03762. The figure: Zhou et al. 2025, arXiv 2410.13708.",
};

const SINK: LessonText = LessonText {
    title: "The attention sink",
    paragraphs: &[
        "The weights of a row sum to 1, so a head cannot attend to nothing. Where no earlier token is wanted, many heads \
         put the weight on the first token, whatever it says. That token is the attention sink.",
        "In this example exp(score) is 16 on the first key, 4 on the token itself and 1 elsewhere. The first key takes \
         most of every row, and the picture has a bright first column.",
        "Sink mass is the mean weight on key 0 over the queries from the fourth on. Earlier rows have little room to look \
         elsewhere and are left out.",
        "Query and Key lose the sink as ε → 0, because a uniform row prefers no key. Value keeps it: Value does not \
         enter the softmax.",
        "The sink often stands on the beginning-of-sequence token. In a live model, turn “Start with BOS” off and see \
         where it goes.",
    ],
    sources: "Xiao et al. 2023, arXiv 2309.17453. Gu et al. 2024, arXiv 2410.10781.",
};

const UNIFORM: LessonText = LessonText {
    title: "Why ε → 0 is uniform",
    paragraphs: &[
        "Scaling Query by ε multiplies every score by ε before the softmax. The odds between two keys are raised to the \
         power ε: 16 to 1 becomes 4 to 1 at ε = 5e-1.",
        "At ε = 0 all scores are 0. Row i then spreads its weight evenly over the i + 1 keys that it may see: 1/(i+1) each.",
        "Row 0 sees one key and stays at 1. Each row below is paler than the one before. This is the fade from the \
         top-left corner to the bottom right.",
        "The head is less focused, not more: the entropy of row i rises to its maximum, ln(i+1). Under each picture is \
         the entropy relative to this maximum.",
        "ε > 1 does the opposite. At ε = 2, odds of 16 to 1 become 256 to 1, and each row sharpens onto its largest score.",
        "Without a causal mask there is no fade: every row tends to 1/T.",
    ],
    sources: "Zhou et al. 2025 (undifferentiated attention), arXiv 2410.13708.",
};

const LOOK_ALIKE: LessonText = LessonText {
    title: "Why two columns look alike",
    paragraphs: &[
        "At ε = 1e-3 a score difference of 3 has become 0.003. The weights are then within about 1e-3 of uniform, and at \
         1e-10 within 1e-10. On a linear colour scale from 0 to 1 nobody can see that difference.",
        "The curve is the sink mass of the example head over ε. It is steep where ε times the differences between scores \
         is about 1. The second and the third column lie far to the left, where it is flat.",
        "The ratio to uniform, with limits for each panel, shows what is left of the pattern: it keeps its shape and \
         shrinks in proportion to ε.",
        "A logarithmic colour scale tells small weights apart. The sweep (W) shows where the change happens; drag a \
         marker there to bring a column into it.",
    ],
    sources: "The figure’s columns: Zhou et al. 2025, arXiv 2410.13708.",
};

const QUERY_EQUALS_KEY: LessonText = LessonText {
    title: "Why Query and Key agree",
    paragraphs: &[
        "A score is the product of a query vector and a key vector. A factor on the one is a factor on the other: \
         (ε·q)·k = q·(ε·k) = ε·(q·k).",
        "So scaling all queries and scaling all keys gives the same scores, the same weights and the same picture. The \
         program computes both rows once.",
        "They differ when only some positions are scaled. A scaled query changes its own row; a scaled key changes its \
         own column. Choose “First” or “Not first” under Positions to see it.",
        "They differ also where the operation is no factor: a mean or noise brings other vectors in.",
    ],
    sources: "Zhou et al. 2025, arXiv 2410.13708.",
};

const VALUE_LATER: LessonText = LessonText {
    title: "Why Value acts only later",
    paragraphs: &[
        "Query and Key make the weights. Value is what the weights mix, after the softmax. Scaling Value by ε cannot \
         change the weights of its own layer.",
        "What changes is the head’s output, which is ε times as long. It is added to the residual stream, from which all \
         later layers make their own Query, Key and Value. There the patterns do change.",
        "A capture holds the vectors of one run and no model to carry a change on. In it the Value row is the same at \
         every ε, and so it is under the scopes “This head” and “This layer”.",
        "To see Value act, open the live model, choose the scope “All layers” and turn Value down. To see its direct \
         effect, show weight × ‖value‖.",
    ],
    sources: "Zhou et al. 2025 (scaling contribution), arXiv 2410.13708.",
};

const GROUPED_QUERIES: LessonText = LessonText {
    title: "What grouped queries change",
    paragraphs: &[
        "With grouped-query attention several query heads read one key and value head. The model keeps fewer keys and \
         values and needs less memory.",
        "Query head h reads KV head h / (query heads / KV heads), rounded down. The drawing shows the source that is open.",
        "Scaling Query concerns one head alone. Keys and values are shared: under “Heads: shown” the head on screen gets \
         a scaled copy of its own and its neighbours keep the unchanged one. The paper’s models have no groups.",
        "Under “KV group” all heads that share the KV head are changed together. This is what scaling the stored keys or \
         values themselves would do.",
    ],
    sources: "Ainslie et al. 2023, arXiv 2305.13245. Zhou et al. 2025, arXiv 2410.13708.",
};

const OPERATIONS: LessonText = LessonText {
    title: "Four ways to modify",
    paragraphs: &[
        "Each operation moves a vector x along a straight line; ε says how far. Scale goes to 0, the means go to a mean, \
         noise goes away at random.",
        "Scale: ε·x. It is a factor on the scores and keeps their order.",
        "Mean over heads: ε·x + (1−ε)·mean over the layer’s heads. At ε = 0 the head loses what sets it apart from its \
         neighbours. This is the paper’s mean operation.",
        "Mean over positions: ε·x + (1−ε)·mean over the prompt. At ε = 0 all positions are alike: with equal keys every \
         row is uniform, with equal queries every row has the same odds.",
        "Noise: x + ε·rms·N(0,1). Here ε = 0 changes nothing. The same seed gives the same noise in every run.",
    ],
    sources: "Zhou et al. 2025, arXiv 2410.13708.",
};

const REMOVE_SINK: LessonText = LessonText {
    title: "Remove the sink",
    paragraphs: &[
        "Most rows of this head rest on the first token. Take its key away: in the scope, Positions is “First”, and the Key \
         row goes to ε = 0 in the left column.",
        "The first token’s score is now 0 in every row. The weight that rested there goes to the tokens that have something \
         to say: the rest of the pattern, which was too pale to see, comes out.",
        "Compare with the Query row: all scores shrink there, and nothing comes out. Turn ε up with the slider, or play it \
         (E), and watch the sink come back.",
    ],
    sources: "Xiao et al. 2023, arXiv 2309.17453. Gu et al. 2024, arXiv 2410.10781.",
};

const FIND_COPIER: LessonText = LessonText {
    title: "Find the head that copies",
    paragraphs: &[
        "This text says everything twice. A head that copies looks, from a word’s second time, at the word that followed its \
         first: its picture has a stripe below the diagonal and parallel to it.",
        "“Show me” reads the text and opens Heads, which has a picture of each head. Look for the stripe in the layers \
         behind the middle; a click shows the head.",
        "The clearest is layer 17, head 5: seven tenths of each weight lie on the stripe, and its neighbour, head 4, is like it. \
         Without such heads a model does not go on with a text that it has begun before.",
    ],
    sources: "Olsson et al. 2022 (induction heads), arXiv 2209.11895.",
};

const FLATTEN_HEAD: LessonText = LessonText {
    title: "Flatten one head, watch the next token",
    paragraphs: &[
        "The text names the capitals of France and Germany and asks for Italy’s. The model says Rome. One head of 270 has much \
         to do with it: its Query is turned down to ε = 2e-2, and nothing else.",
        "What the model says next stands beside the prompt, before and after. The head looked from the end of the text at the \
         names of the countries; flattened, it no longer tells a country from its capital.",
        "Turn ε up slowly, or play it (E): the answer turns between two values of ε. Then try another head with the keys \
         , and . : for most of them nothing happens.",
    ],
    sources: "Zhou et al. 2025, arXiv 2410.13708.",
};

impl Lesson {
    /// As menus and the list name it.
    pub fn title(self) -> &'static str {
        self.page().title
    }

    pub(super) fn page(self) -> &'static LessonText {
        match self {
            Self::Panel => &PANEL,
            Self::Sink => &SINK,
            Self::Uniform => &UNIFORM,
            Self::LookAlike => &LOOK_ALIKE,
            Self::QueryEqualsKey => &QUERY_EQUALS_KEY,
            Self::ValueLater => &VALUE_LATER,
            Self::GroupedQueries => &GROUPED_QUERIES,
            Self::Operations => &OPERATIONS,
            Self::RemoveSink => &REMOVE_SINK,
            Self::FindCopier => &FIND_COPIER,
            Self::FlattenHead => &FLATTEN_HEAD,
        }
    }
}
