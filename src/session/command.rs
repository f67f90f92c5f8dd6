use super::{
    COLUMNS, Cell, HeadsPlace, PaperFigure, RowChoice, ScaleStep, Session, SliderRange, TextsOf, Theme, TokenTint,
    UserSettings, figure_grid, repeated,
};
use crate::{
    attention::{Column, Components, Epsilon, Grid, InForce, LayerScope, Mask, Notation, Operation, PanelId, Scope},
    base::Date,
    engine::{Bundled, Prompt, Reference, SourceFacts, SourceSpec, SweepMetric, Target, Writing},
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
    /// ε of every panel, and with it which panels there are: any rows, and columns within [`COLUMNS`].
    SetGrid(Grid<Epsilon>),
    /// The rows of the grid; one that comes back has the ε of the uppermost.
    SetRows(Components),
    /// One more column at the right, with the ε of the last.
    AddColumn,
    /// One column less; two stay.
    RemoveColumn(Column),
    /// What takes the place of the vectors.
    SetOperation(Operation),
    /// What the prompts say that the operation takes vectors from: one, or one on each line.
    TypeOthers(String),
    /// One of the paper's two figures on the present source, prompt and scope: operation and ε.
    UseFigure(PaperFigure),
    /// A prompt for a live model; on a capture this moves to [`Bundled::READER`].
    SetPrompt(String),
    /// A prompt exactly: a text with or without its BOS, or token ids.
    Read(Prompt),
    /// Whether a beginning-of-sequence token stands in front.
    SetBos(bool),
    /// The words that are read go through the model's chat template, as what a user says.
    StartChat {
        /// The words of a prompt that has none of its own, being token ids.
        typed: String,
        /// What a template is told that asks for today.
        date: Date,
    },
    /// What the user says is read as a text again.
    LeaveChat,
    /// What the model of a chat is told to be; `None` for what its template says by itself.
    SetSystem(Option<String>),
    /// What the template of a chat is told that asks for today.
    SetDate(Date),
    /// A bundled source at its default view, keeping ε and scope.
    OpenExample(Bundled),
    /// A source from a file, keeping what fits.
    Open(SourceSpec),
    /// The model without its adapter, or with it again; everything stays.
    SwitchAdapter,
    /// The place where the same source is now; everything stays.
    Locate(SourceSpec),
    /// A whole session, as it was saved. Theme and scale of the window stay: they are the person's, not the view's.
    Restore(Box<Session>),
    /// The layer on screen, 0-based; the nearest that there is.
    SetLayer(usize),
    /// The query head on screen, 0-based; the nearest that there is.
    SetHead(usize),
    /// So many layers on, or back where negative; not beyond the first and last.
    StepLayer(isize),
    /// So many heads on, or back where negative; not beyond the first and last of the layer.
    StepHead(isize),
    /// Which layers, heads and positions are changed.
    SetScope(Scope),
    /// What is in force beneath every panel.
    SetInForce(InForce),
    /// The selected panel's change joins what is in force, with its heads by their numbers.
    KeepChange,
    /// The pinned cell's edge is blocked from now on, in the heads of the scope by their numbers.
    BlockPinned,
    /// Marks a cell, whose numbers the inspector shows.
    Pin(Cell),
    /// No cell is marked any more.
    Unpin,
    /// Moves the pinned cell by queries (down) and keys (right); not beyond the matrix, and not onto a masked cell.
    MovePin {
        /// Rows down, or up where negative.
        queries: isize,
        /// Columns to the right, or left where negative.
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
    /// What the curves over ε show.
    SetSweepMetric(SweepMetric),
    /// The token whose logit heads write into, and whose chances rankings and curves follow.
    SetTarget(Target),
    /// Opens or closes the panel with what the model writes.
    ToggleText,
    /// Whose texts are shown of what the model writes.
    ShowTextsOf(TextsOf),
    /// How many tokens the model writes, the nearest number in [`super::TextView::TOKENS`], and which.
    SetWriting(Writing),
    /// What the tokens above the panels are tinted by.
    SetTokenTint(TokenTint),
    /// Which decades of ε the slider covers.
    SetSliderRange(SliderRange),
    /// Opens the browser of all heads beside the panels, or closes it.
    ToggleHeads,
    /// Opens the browser of all heads there, or moves it.
    PlaceHeads(HeadsPlace),
    /// Theme, scale and motion at once.
    SetUserSettings(UserSettings),
    /// Light, dark, or as the desktop is.
    SetTheme(Theme),
    /// Size of everything in the window, 0.75 to 2.5; the nearest that is allowed.
    SetUiScale(f32),
    /// One step of [`UserSettings::UI_SCALES`] larger or smaller.
    StepUiScale(ScaleStep),
    /// Whether the window moves nothing by itself.
    SetReducedMotion(bool),
    /// Whether the controls beside the panels are open.
    ShowControls(bool),
    /// Another quantity, in the norm and the colours that fit it; the one on screen stays as it is.
    SetQuantity(Quantity),
    /// How several cells become one pixel.
    SetPooling(Pooling),
    /// Whether automatic limits are of all panels or of each.
    SetLimitsFrom(LimitsFrom),
    /// Colours of the cells.
    SetColormap(Colormap),
    /// How a value becomes a place in the colormap.
    SetNorm(ColorNorm),
    /// How masked cells look.
    SetMaskedStyle(MaskedStyle),
    /// How ε is written in titles, on screen and in figures.
    SetNotation(Notation),
    /// Another reference for differences, which are shown from then on; back at the baseline the quantity stays.
    Compare(Reference),
    /// [`Command::Compare`] with what is shown now: it stays while the view moves on.
    KeepView,
}

impl Command {
    /// Whether it says what is done to the vectors, and in which panels: where there are none, it means nothing.
    pub const fn changes_vectors(&self) -> bool {
        matches!(
            self,
            Self::ChooseRows(_)
                | Self::ChooseColumn(_)
                | Self::SetEpsilon(_)
                | Self::ResetToFigure
                | Self::SetGrid(_)
                | Self::SetRows(_)
                | Self::AddColumn
                | Self::RemoveColumn(_)
                | Self::SetOperation(_)
                | Self::TypeOthers(_)
                | Self::UseFigure(_)
                | Self::SetScope(_)
                | Self::SetInForce(_)
                | Self::KeepChange
                | Self::BlockPinned
                | Self::SetSliderRange(_)
        )
    }
}

/// What is on screen, as far as a command depends on it. Default: nothing yet.
#[derive(Clone, Copy, Debug)]
pub struct OnScreen<'a> {
    /// Of the session's source, once it is open; until then layers and heads are taken as they come and the engine
    /// checks them.
    pub facts: Option<&'a SourceFacts>,
    /// T, the number of tokens.
    pub n_positions: usize,
    /// Which cells there are.
    pub mask: &'a Mask,
}

impl Default for OnScreen<'_> {
    fn default() -> Self {
        Self { facts: None, n_positions: 0, mask: &Mask::CAUSAL }
    }
}

impl Session {
    /// The session after `commands`, while nothing is on screen yet.
    #[must_use]
    pub fn with(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        for command in commands {
            self.apply(command, OnScreen::default());
        }
        self
    }

    /// The source after `command`, where that is another one.
    pub fn source_after(&self, command: &Command) -> Option<SourceSpec> {
        let source = match command {
            Command::SetPrompt(_) if !self.source.is_live() => SourceSpec::Bundled(Bundled::READER),
            Command::OpenExample(bundled) => SourceSpec::Bundled(*bundled),
            Command::Open(source) | Command::Locate(source) => source.clone(),
            Command::SwitchAdapter => self.source.with_adapter_switched()?,
            Command::Restore(session) => session.source.clone(),
            _ => return None,
        };
        Some(source).filter(|source| *source != self.source)
    }

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
                for (_, of_panel) in self.experiment.epsilon.iter_mut().filter(|(panel, _)| is_chosen(*panel)) {
                    *of_panel = epsilon;
                }
            }
            Command::ResetToFigure => self.set_grid(figure_grid()),
            Command::SetOperation(operation) => self.experiment.operation = operation,
            Command::TypeOthers(typed) => self.experiment.operation = self.operation_from(&typed),
            Command::UseFigure(figure) => {
                self.experiment.operation = figure.operation();
                self.set_grid(repeated(&figure.columns()));
            }
            Command::SetGrid(epsilon) => self.set_grid(epsilon),
            Command::SetRows(rows) => self.set_rows(rows),
            Command::AddColumn => self.add_column(),
            Command::RemoveColumn(column) => self.remove_column(column),
            Command::SetPrompt(text) => self.set_prompt(&text),
            Command::Read(prompt) => self.read(prompt),
            Command::SetBos(bos) => self.set_bos(bos),
            Command::StartChat { typed, date } => self.start_chat(typed, date),
            Command::LeaveChat => self.leave_chat(),
            Command::SetSystem(system) => self.set_system(system),
            Command::SetDate(date) => self.set_date(date),
            Command::OpenExample(bundled) => self.show_example(bundled),
            Command::Open(source) => {
                self.leave_behind(&source);
                self.source = source;
                self.forget_layers();
                self.forget_cells();
            }
            Command::SwitchAdapter => self.switch_adapter(),
            Command::Locate(source) => self.source = source,
            Command::Restore(session) => {
                let user = self.view.user;
                *self = *session;
                self.view.user = user;
            }
            Command::SetLayer(layer) => {
                self.experiment.layer = facts.map_or(layer, |facts| layer.min(last(facts.n_layers)));
            }
            Command::SetHead(head) => self.experiment.head = facts.map_or(head, |facts| head.min(last(facts.n_heads))),
            Command::StepLayer(by) => {
                self.experiment.layer = step(self.experiment.layer, by, facts.map(|facts| facts.n_layers));
            }
            Command::StepHead(by) => {
                self.experiment.head = step(self.experiment.head, by, facts.map(|facts| facts.n_heads));
            }
            Command::SetScope(scope) => self.experiment.scope = scope,
            Command::SetInForce(in_force) => self.experiment.in_force = in_force,
            Command::BlockPinned => self.experiment.in_force = self.with_blocked_pin(facts),
            Command::KeepChange => self.experiment.in_force = self.with_kept_change(facts),
            Command::Pin(cell) => self.pinned = Some(cell),
            Command::Unpin => self.pinned = None,
            Command::MovePin { queries, keys } => self.move_pin(queries, keys, screen),
            Command::SetWindow(window) => self.view.window = window,
            Command::ToggleSolo(panel) => self.toggle_solo(panel),
            Command::ToggleInspector => self.view.toggle_inspector(),
            Command::ToggleSweep => self.view.sweep.open = !self.view.sweep.open,
            Command::SetSweepMetric(metric) => self.view.sweep.metric = metric,
            Command::SetTarget(target) => self.view.target = target,
            Command::ToggleText => self.view.text.open = !self.view.text.open,
            Command::ShowTextsOf(of) => self.view.text.of = of,
            Command::SetWriting(writing) => self.view.text.write(writing),
            Command::SetSliderRange(range) => self.view.slider = range,
            Command::ToggleHeads => self.view.toggle_heads(),
            Command::PlaceHeads(place) => self.view.place_heads(place),
            Command::SetUserSettings(user) => {
                let ui_scale = if user.ui_scale.is_nan() { self.view.user.ui_scale } else { user.ui_scale };
                let ui_scale = ui_scale.clamp(*UserSettings::UI_SCALE.start(), *UserSettings::UI_SCALE.end());
                self.view.user = UserSettings { ui_scale, ..user };
            }
            Command::SetTheme(theme) => self.view.user.theme = theme,
            // NaN is no scale; it would pass through the limits.
            Command::SetUiScale(scale) if scale.is_nan() => {}
            Command::SetUiScale(scale) => {
                self.view.user.ui_scale = scale.clamp(*UserSettings::UI_SCALE.start(), *UserSettings::UI_SCALE.end());
            }
            Command::StepUiScale(direction) => {
                self.view.user.ui_scale = self.view.user.next_scale(direction);
            }
            Command::ShowControls(controls) => self.view.user.controls = controls,
            Command::SetReducedMotion(reduced) => self.view.user.reduced_motion = reduced,
            Command::SetQuantity(quantity) if quantity == self.view.look.quantity => {}
            Command::SetQuantity(quantity) => self.view.look.show(quantity),
            Command::SetPooling(pooling) => self.view.look.pooling = pooling,
            Command::SetLimitsFrom(limits_from) => self.view.look.limits_from = limits_from,
            Command::SetColormap(colormap) => self.view.look.color_by(colormap),
            Command::SetNorm(norm) => self.view.look.scale_by(norm),
            Command::SetMaskedStyle(style) => self.view.look.masked = style,
            Command::SetTokenTint(tint) => self.view.token_tint = tint,
            Command::SetNotation(notation) => self.view.look.notation = notation,
            Command::Compare(reference) => self.compare(reference, facts),
            Command::KeepView => self.compare(Reference::kept(&self.experiment), facts),
        }
    }

    /// Another ε for every panel, perhaps of another number of columns.
    pub(super) fn set_grid(&mut self, epsilon: Grid<Epsilon>) {
        if !COLUMNS.contains(&epsilon.shape().n_columns()) {
            return;
        }
        self.experiment.epsilon = epsilon;
        self.choose(self.rows, self.column);
        self.select_solo();
        // Panels are compared with those in their places: a kept view of other columns has none there.
        if matches!(&self.reference, Reference::View(view) if view.shape() != self.shape()) {
            self.reference = Reference::Baseline;
        }
    }

    /// The panel alone on screen is one of the grid, and the selected one.
    pub(super) fn select_solo(&mut self) {
        let Some(panel) = self.view.solo else {
            return self.choose(self.rows, self.column);
        };
        let panel = self.shape().nearest(panel);
        self.view.solo = Some(panel);
        let rows = if self.rows.contains(panel.component) { self.rows } else { RowChoice::Only(panel.component) };
        self.choose(rows, panel.column);
    }

    /// Chooses what the slider moves. A panel alone on screen gives way to the one that is chosen.
    pub(super) fn choose(&mut self, rows: RowChoice, column: Column) {
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
        self.select_solo();
    }

    /// ε, scope and the way of showing survive; layer, head and prompt are the source's own.
    /// The figure is the paper's; a prompt that leads to its model keeps what was chosen.
    fn show_example(&mut self, bundled: Bundled) {
        self.open_example(bundled);
        if matches!(bundled, Bundled::Smollm2 | Bundled::Smollm2Capture) {
            self.set_grid(figure_grid());
        }
    }

    pub(super) fn open_example(&mut self, bundled: Bundled) {
        let example = Self::example(bundled);
        self.source = example.source;
        self.prompt = example.prompt;
        self.experiment.layer = example.experiment.layer;
        self.experiment.head = example.experiment.head;
        self.forget_layers();
        self.forget_cells();
    }

    /// Layers by their numbers are another model's, and so are tokens.
    fn forget_layers(&mut self) {
        self.view.target = Target::default();
        self.reference = Reference::Baseline;
        self.experiment.in_force = InForce::default();
        let scope = &self.experiment.scope;
        if scope.set.is_some() || matches!(scope.layers, LayerScope::Range { .. }) {
            self.experiment.scope = Scope::default();
        }
        if !self.source.is_live() && self.operation().kind().reads_other_prompts() || self.operation().names_token_ids()
        {
            self.experiment.operation = Operation::default();
        }
    }

    /// Cells of another prompt mean nothing.
    pub(super) fn forget_cells(&mut self) {
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
        if screen.mask.allows(moved, screen.n_positions) {
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
