//! Following the file: a source that has changed on the disk is offered anew by one line, or taken at once.

mod watch;

use egui::{Context, Panel, Ui};

use watch::Watch;

use crate::{
    base::HandedOver,
    engine::{Clock, SourceId},
    session::document::Follow,
    ui::shell::{
        action::{Action, Actions},
        part::{Part, PartContext},
    },
};

/// The line, and the thread that looks at the files.
pub struct Following {
    /// `None` where the system gives no thread: nothing is offered then.
    watch: Option<Watch>,
    /// What the line says of the source that is open.
    news: Option<(SourceId, News)>,
    /// Removed with the window.
    _handed_over: Option<HandedOver>,
}

/// What is known of the files since the source was opened.
enum News {
    Changed,
    /// They are being opened anew, or that was given up.
    Asked,
    /// They were opened anew, in vain: perhaps they are only half there.
    Unreadable(String),
}

impl Following {
    pub fn new(ctx: &Context, clock: Clock, handed_over: Option<HandedOver>) -> Self {
        let ctx = ctx.clone();
        let watch = Watch::new(clock, move || ctx.request_repaint()).ok();
        Self { watch, news: None, _handed_over: handed_over.map(HandedOver::shown) }
    }
}

impl Part for Following {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        let (Some(watch), Some(source)) = (&self.watch, &cx.source) else { return };
        watch.follow(source.id(), source.stamp());
        if watch.take(source.id()) {
            self.news = Some((source.id(), News::Changed));
        }
        // Another source is open, or this one anew.
        self.news.take_if(|(id, _)| *id != source.id());
    }

    fn wants(&mut self, cx: &mut PartContext<'_>) {
        // Whatever else is being opened comes first.
        let is_free = cx.shown.follow == Follow::AtOnce && cx.navigation.opening().is_none();
        if let Some((_, news @ News::Changed)) = &mut self.news
            && is_free
        {
            *news = News::Asked;
            cx.actions.push(Action::Renew);
        }
    }

    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        let Some((_, news)) = &self.news else { return };
        let name = cx.session.source().name();
        let is_coming = cx.navigation.opening().is_some();
        let text = match (news, cx.shown.follow) {
            (News::Unreadable(why), _) => format!("{name} has changed on the disk and does not open as it is: {why}"),
            // It is on its way, and mostly there in the next frame.
            (News::Changed, Follow::AtOnce) => return,
            (News::Asked, _) if is_coming => return,
            (News::Changed | News::Asked, _) => format!("{name} has changed on the disk."),
        };
        let mut is_dismissed = false;
        Panel::top("changed source").show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(text);
                is_dismissed = offer_ui(ui, is_coming, cx.shown.follow, cx.actions);
            });
        });
        if is_dismissed {
            self.news = None;
        }
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        match action {
            Action::ToggleFollow => cx.shown.follow = cx.shown.follow.other(),
            Action::Renew => {
                if let Some((_, news)) = &mut self.news {
                    *news = News::Asked;
                }
            }
            Action::NotRenewed(why) => {
                if let Some(source) = &cx.source {
                    self.news = Some((source.id(), News::Unreadable(why.clone())));
                }
            }
            _ => {}
        }
    }
}

/// What can be done about it; whether it is to be forgotten.
fn offer_ui(ui: &mut Ui, is_coming: bool, follow: Follow, actions: &mut Actions) -> bool {
    ui.add_enabled_ui(!is_coming, |ui| {
        if ui.button("Open anew").on_hover_text("What is pinned, ε and the view stay where they fit").clicked() {
            actions.push(Action::Renew);
        }
    });
    if follow == Follow::Offer {
        let hint = "Open it anew whenever it changes, also from now on";
        if ui.button("Follow the file").on_hover_text(hint).clicked() {
            actions.push(Action::ToggleFollow);
        }
    }
    ui.button("Dismiss").on_hover_text("Stay with what is shown").clicked()
}
