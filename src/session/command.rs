use super::{COLUMNS, Cell, PaperFigure, Person, RowChoice, Session, SliderRange, Theme, figure_grid, repeated};
use crate::{
    attention::{Column, Epsilon, Grid, LayerScope, Mask, Operation, PanelId, Scope},
    engine::{Bundled, Prompt, Reference, SourceFacts, SourceSpec, SweepMetric},
    figure::{ColorNorm, Colormap, LimitsFrom, MaskedStyle, Pooling, Quantity, Window},
};

/// Every way to change a [`Session`].
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Which rows the slider moves.
    ChooseRows(RowChoice),
    /// Which column the slider moves.
    ChooseColumn(Column),
    /// A panel: its row and its column.
    SelectPanel(PanelId),
    /// ε of the chosen rows in the chosen column.
    SetEpsilon(Epsilon),
    /// Back to 5e-1, 1e-3, 1e-10 in every row.
    ResetToFigure,
    /// ε of every panel, and with it which panels there are; [`COLUMNS`] says how many columns there may be.
    SetGrid(Grid<Epsilon>),
    /// A prompt exactly as given: a text with or without its beginning-of-sequence token, or token ids.
    Read(Prompt),
    SetOperation(Operation),
    /// One of the paper's two figures on the present source, prompt and scope: operation and ε.
    UseFigure(PaperFigure),
    /// A prompt for a live model; on a capture this moves to the bundled one.
    SetPrompt(String),
    /// Whether a beginning-of-sequence token stands in front.
    SetBos(bool),
    /// A bundled source at its default view, keeping ε and scope.
    OpenExample(Bundled),
    /// A source from a file, keeping what fits.
    Open(SourceSpec),
    /// A whole session, as it was saved. Theme and scale of the window stay: they are the person's, not the view's.
    Restore(Box<Session>),
    SetLayer(usize),
    SetHead(usize),
    StepLayer(isize),
    StepHead(isize),
    SetScope(Scope),
    Pin(Cell),
    Unpin,
    /// Moves the pinned cell by queries (down) and keys (right); not beyond the matrix, and not onto a masked cell.
    MovePin {
        queries: isize,
        keys: isize,
    },
    /// The cells in view; `None` for the whole matrix.
    SetWindow(Option<Window>),
    /// One panel alone, which is then the selected one; or all of them.
    ToggleSolo(PanelId),
    /// Opens or closes the panel with the pinned cell's numbers.
    ToggleInspector,
    /// Opens or closes the panel with the curves over ε.
    ToggleSweep,
    SetSweepMetric(SweepMetric),
    SetSliderRange(SliderRange),
    /// Opens or closes the browser of all heads.
    ToggleHeads,
    SetTheme(Theme),
    SetUiScale(f32),
    SetReducedMotion(bool),
    /// Another quantity, in the norm and the colours that fit it; the one on screen stays as it is.
    SetQuantity(Quantity),
    SetPooling(Pooling),
    SetLimitsFrom(LimitsFrom),
    SetColormap(Colormap),
    SetNorm(ColorNorm),
    SetMaskedStyle(MaskedStyle),
    /// Another reference for differences, which are shown from then on; back at the baseline the quantity stays.
    Compare(Reference),
    /// [`Command::Compare`] with what is shown now: it stays while the view moves on.
    KeepView,
}

/// What is on screen, as far as a command depends on it. Default: nothing yet.
#[derive(Clone, Copy, Debug)]
pub struct OnScreen<'a> {
    /// Of the session's source, once it is open; until then layers and heads are taken as they come and the engine
    /// checks them.
    pub facts: Option<&'a SourceFacts>,
    /// T, the number of tokens.
    pub n_positions: usize,
    pub mask: Mask,
}

impl Default for OnScreen<'_> {
    fn default() -> Self {
        Self { facts: None, n_positions: 0, mask: Mask::Causal }
    }
}

impl Session {
    /// Carries out `command`.
    pub fn apply(&mut self, command: Command, screen: OnScreen<'_>) {
        let facts = screen.facts;
        match command {
            Command::ChooseRows(rows) => self.choose(rows, self.column),
            Command::ChooseColumn(column) => self.choose(self.rows, column),
            Command::SelectPanel(PanelId { component, column }) => self.choose(RowChoice::Only(component), column),
            Command::SetEpsilon(epsilon) => {
                let (rows, column) = (self.rows, self.column);
                let is_chosen = |panel: PanelId| panel.column == column && rows.contains(panel.component);
                for (_, of_panel) in self.epsilon.iter_mut().filter(|(panel, _)| is_chosen(*panel)) {
                    *of_panel = epsilon;
                }
            }
            Command::ResetToFigure => self.set_grid(figure_grid()),
            Command::SetGrid(epsilon) => self.set_grid(epsilon),
            Command::Read(prompt) => self.read(prompt),
            Command::SetOperation(operation) => self.operation = operation,
            Command::UseFigure(figure) => {
                self.operation = figure.operation();
                self.set_grid(repeated(&figure.columns()));
            }
            Command::SetPrompt(text) => self.set_prompt(text),
            Command::SetBos(bos) => {
                if let Prompt::Text { bos: old, .. } = &mut self.prompt {
                    *old = bos;
                    self.forget_cells();
                }
            }
            Command::OpenExample(bundled) => self.open_example(bundled),
            Command::Open(source) => {
                self.source = source;
                self.forget_layers();
                self.forget_cells();
            }
            Command::Restore(session) => {
                let person = self.view.person;
                *self = *session;
                self.view.person = person;
            }
            Command::SetLayer(layer) => self.layer = facts.map_or(layer, |facts| layer.min(last(facts.n_layers))),
            Command::SetHead(head) => self.head = facts.map_or(head, |facts| head.min(last(facts.n_heads))),
            Command::StepLayer(by) => self.layer = step(self.layer, by, facts.map(|facts| facts.n_layers)),
            Command::StepHead(by) => self.head = step(self.head, by, facts.map(|facts| facts.n_heads)),
            Command::SetScope(scope) => self.scope = scope,
            Command::Pin(cell) => self.pinned = Some(cell),
            Command::Unpin => self.pinned = None,
            Command::MovePin { queries, keys } => self.move_pin(queries, keys, screen),
            Command::SetWindow(window) => self.view.window = window,
            Command::ToggleSolo(panel) => self.toggle_solo(panel),
            Command::ToggleInspector => self.view.inspector = !self.view.inspector,
            Command::ToggleSweep => self.view.sweep.open = !self.view.sweep.open,
            Command::SetSweepMetric(metric) => self.view.sweep.metric = metric,
            Command::SetSliderRange(range) => self.view.slider = range,
            Command::ToggleHeads => self.view.heads = !self.view.heads,
            Command::SetTheme(theme) => self.view.person.theme = theme,
            // NaN is no scale; it would pass through the limits.
            Command::SetUiScale(scale) if scale.is_nan() => {}
            Command::SetUiScale(scale) => {
                self.view.person.ui_scale = scale.clamp(*Person::UI_SCALE.start(), *Person::UI_SCALE.end());
            }
            Command::SetReducedMotion(reduced) => self.view.person.reduced_motion = reduced,
            Command::SetQuantity(quantity) if quantity == self.view.quantity => {}
            Command::SetQuantity(quantity) => self.view.show(quantity),
            Command::SetPooling(pooling) => self.view.pooling = pooling,
            Command::SetLimitsFrom(limits_from) => self.view.limits_from = limits_from,
            Command::SetColormap(colormap) => self.view.colormap = colormap,
            Command::SetNorm(norm) => self.view.norm = norm,
            Command::SetMaskedStyle(style) => self.view.masked = style,
            Command::Compare(reference) => self.compare(reference, facts),
            Command::KeepView => self.compare(Reference::kept(&self.run_spec()), facts),
        }
    }

    /// Another ε for every panel, perhaps of another number of columns.
    fn set_grid(&mut self, epsilon: Grid<Epsilon>) {
        if !COLUMNS.contains(&epsilon.shape().n_columns()) {
            return;
        }
        self.epsilon = epsilon;
        self.choose(self.rows, self.column);
        // Panels are compared with those in their places: a kept view of other columns has none there.
        if matches!(&self.reference, Reference::View(view) if view.shape() != self.shape()) {
            self.reference = Reference::Baseline;
        }
    }

    fn read(&mut self, prompt: Prompt) {
        if prompt != self.prompt {
            self.prompt = prompt;
            self.forget_cells();
        }
    }

    /// Chooses the panel that is alone on screen.
    pub(super) fn follow_solo(&mut self) {
        if let Some(panel) = self.view.solo {
            let rows = if self.rows.contains(panel.component) { self.rows } else { RowChoice::Only(panel.component) };
            self.choose(rows, panel.column);
        }
    }

    /// Chooses what the slider moves. A panel alone on screen gives way to the one that is chosen.
    fn choose(&mut self, rows: RowChoice, column: Column) {
        let lead = self.shape().nearest(PanelId { component: rows.lead(), column });
        self.rows = match rows {
            RowChoice::All => RowChoice::All,
            RowChoice::Only(_) => RowChoice::Only(lead.component),
        };
        self.column = lead.column;
        if let Some(solo) = &mut self.view.solo {
            solo.column = lead.column;
            if !rows.contains(solo.component) {
                solo.component = lead.component;
            }
        }
    }

    fn toggle_solo(&mut self, panel: PanelId) {
        let panel = self.shape().nearest(panel);
        if self.view.solo == Some(panel) {
            self.view.solo = None;
            return;
        }
        self.view.solo = Some(panel);
        let rows = if self.rows.contains(panel.component) { self.rows } else { RowChoice::Only(panel.component) };
        self.choose(rows, panel.column);
    }

    fn set_prompt(&mut self, text: String) {
        if !self.source.is_live() {
            self.open_example(Bundled::Austen);
        }
        let bos = !matches!(self.prompt, Prompt::Text { bos: false, .. });
        self.prompt = Prompt::Text { text: text.into(), bos };
        self.forget_cells();
    }

    /// ε, scope and the way of showing survive; layer, head and prompt are the source's own.
    fn open_example(&mut self, bundled: Bundled) {
        let example = Self::example(bundled);
        self.source = example.source;
        self.prompt = example.prompt;
        self.layer = example.layer;
        self.head = example.head;
        self.forget_layers();
        self.forget_cells();
    }

    fn compare(&mut self, reference: Reference, facts: Option<&SourceFacts>) {
        self.reference = match (reference, facts) {
            (Reference::Head { layer, head }, Some(facts)) => {
                Reference::Head { layer: layer.min(last(facts.n_layers)), head: head.min(last(facts.n_heads)) }
            }
            (reference, _) => reference,
        };
        if self.reference != Reference::Baseline && self.view.quantity != Quantity::Difference {
            self.view.show(Quantity::Difference);
        }
    }

    /// Layers by their numbers are another model's.
    fn forget_layers(&mut self) {
        self.reference = Reference::Baseline;
        if matches!(self.scope.layers, LayerScope::Range { .. }) {
            self.scope = Scope::default();
        }
    }

    /// Cells of another prompt mean nothing.
    fn forget_cells(&mut self) {
        self.pinned = None;
        self.view.window = None;
        if matches!(&self.reference, Reference::View(view) if view.scope.positions.last_selected().is_some()) {
            self.reference = Reference::Baseline;
        }
    }

    fn move_pin(&mut self, queries: isize, keys: isize, screen: OnScreen<'_>) {
        let Some(cell) = self.pinned else { return };
        let move_by = |position, by| step(position, by, Some(screen.n_positions));
        let moved = Cell { query: move_by(cell.query, queries), key: move_by(cell.key, keys) };
        if moved.key < screen.mask.attended(moved.query, screen.n_positions) {
            self.pinned = Some(moved);
        }
    }
}

fn last(count: usize) -> usize {
    count.saturating_sub(1)
}

fn step(value: usize, by: isize, count: Option<usize>) -> usize {
    value.saturating_add_signed(by).min(count.map_or(usize::MAX, last))
}
