//! What is written is what is read, in every container and from every version.

use std::{
    fs::{self, File},
    path::Path,
};

use super::*;
use crate::{
    attention::{
        Component, Components, Epsilon, Experiment, Grid, InForce, LayerScope, Operation, PositionScope, Preset, panel,
    },
    engine::{Bundled, Engine, Fingerprints, Prompt, Reference, SourceSpec},
    figure::{ColorNorm, Colormap, LimitsFrom, Look, Quantity, Window},
    session::{COLUMNS, Cell, Command, RowChoice, Session, View},
};

fn epsilon(value: f64) -> Epsilon {
    Epsilon::new(value).unwrap()
}

fn stored(name: &str) -> Result<SessionDocument, DocumentError> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sessions").join(name))
}

/// What the files of `tests/sessions` hold.
fn sample() -> Session {
    Session {
        source: SourceSpec::Folder("/models/SmolLM2-135M".into()),
        prompt: Prompt::Text { text: "The cat sat.".into(), bos: true },
        experiment: Experiment {
            layer: 14,
            head: 3,
            operation: Operation::Scale,
            scope: Preset::AllLayers.scope(),
            in_force: InForce::default(),
            epsilon: Grid::from_rows([
                (Component::Query, Epsilon::FIGURE.to_vec()),
                (Component::Key, Epsilon::FIGURE.to_vec()),
                (Component::Value, vec![epsilon(0.5), epsilon(0.25), Epsilon::ZERO]),
            ])
            .unwrap(),
        },
        rows: RowChoice::Only(Component::Value),
        column: panel(Component::Value, 1).column,
        pinned: Some(Cell { query: 3, key: 0 }),
        view: View {
            look: Look { colormap: Colormap::Viridis, ..Look::default() },
            inspector: true,
            ..View::default()
        },
        ..Session::default()
    }
}

fn document() -> SessionDocument {
    let content = "sha256-folder:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    SessionDocument {
        program: "0.1.0".to_owned(),
        source: SourceRecord {
            title: "SmolLM2-135M".to_owned(),
            beside: Some("../models/SmolLM2-135M".to_owned()),
            content: Some(content.parse().unwrap()),
        },
        session: sample(),
        tokens: ["<|endoftext|>", "The", "Ġcat", "Ġsat", "."].map(str::to_owned).to_vec(),
        token_ids: vec![0, 504, 2644, 3301, 30],
    }
}

#[test]
fn sessions_of_every_version_are_read() {
    let old = stored("version-0.json").unwrap();
    assert_eq!(old.session, sample());
    assert_eq!((old.program.as_str(), old.source, old.tokens.len()), ("", SourceRecord::default(), 0));
    for name in ["version-1.json", "version-2.json"] {
        assert_eq!(stored(name).unwrap(), document(), "{name}");
    }
}

/// Files as the program wrote them while `bundled:smollm2` was a capture: of what was read then, and of all else that
/// they say. A text would have had another first token.
#[test]
fn the_bundled_capture_of_old_is_the_model_on_its_tokens() {
    let figure = stored("version-1/figure.png").unwrap();
    assert_eq!(figure.session, Session::default());
    let head = stored("version-1/head.svg").unwrap();
    let Prompt::TokenIds(ids) = head.session.prompt() else { panic!("{:?}", head.session.prompt()) };
    assert_eq!(*ids, head.token_ids, "the tokens that were on screen");
    assert_eq!((head.session.layer(), head.session.head()), (18, 8));
    assert_eq!(head.session.scope().layers, LayerScope::Range { first: 0, last: 18 });
    assert_eq!(*head.session.epsilon(), Grid::repeated(Components::FIGURE, &[1.0, 0.02].map(epsilon)).unwrap());
    // What is written now stays as it was written, whatever is read.
    for bundled in Bundled::ALL {
        let session = Session::example(bundled).with([Command::Read(Prompt::text("Other words."))]);
        let json = SessionDocument::of_unread(&session, None).to_json().unwrap();
        assert_eq!(SessionDocument::from_json(json.as_bytes()).unwrap().session, session);
    }
}

/// A change of the format needs a new version and a step from this one: the stored files stay as they are.
#[test]
fn the_format_is_the_stored_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sessions/version-2.json");
    // Until the first release version 2 may still grow.
    if std::env::var_os("ATTENUATE_BLESS").is_some() {
        fs::write(&path, document().to_json().unwrap()).unwrap();
    }
    assert_eq!(document().to_json().unwrap(), fs::read_to_string(path).unwrap());
}

#[test]
fn a_newer_version_is_refused_by_its_numbers() {
    let newer = document().to_json().unwrap().replacen("\"version\": 2", "\"version\": 7", 1);
    let newer = newer.replacen("\"program\": \"0.1.0\"", "\"program\": \"2.4.0\"", 1);
    let message = SessionDocument::from_json(newer.as_bytes()).unwrap_err().to_string();
    let expected = "written by a newer Attenuate 2.4.0 (session version 7; this program reads up to 2)";
    assert_eq!(message, expected);
    // Whatever else it holds, and whatever it says of its program.
    for rest in ["", r#","program":"x\ny""#, r#","session":7"#] {
        let text = format!(r#"{{"format":"attenuate-session","version":18446744073709551615{rest}}}"#);
        let message = SessionDocument::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(
            message.starts_with("written by a newer Attenuate (session version 18446744073709551615;"),
            "{message}"
        );
    }
}

#[test]
fn what_is_no_session_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.json");
    for (text, part) in [
        ("", "not a session of Attenuate"),
        ("[]", "not a session of Attenuate"),
        ("{}", "not a session of Attenuate"),
        (r#"{"format": "svg"}"#, "not a session of Attenuate"),
        (r#"{"tokens": ["a"], "weights": []}"#, "not a session of Attenuate"),
        (r#"{"format": "attenuate-session""#, "cannot be read"),
        (r#"{"format": "attenuate-session"}"#, "version: expected a number, found none"),
        (r#"{"format": "attenuate-session", "version": 1}"#, "missing field `session`"),
        (r#"{"format": "attenuate-session", "version": -1}"#, "cannot be read"),
    ] {
        fs::write(&path, text).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains(part) && message.ends_with(&path.display().to_string()), "{text}: {message}");
        assert!(!message.contains('\n'));
    }
    let message = read(folder.path()).unwrap_err().to_string();
    assert!(message.contains("expected a file"), "{message}");
    let large = File::create(&path).unwrap();
    large.set_len(MOST_BYTES + 1).unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("expected at most 16777216 bytes, found 16777217"));
}

#[test]
fn what_no_gesture_leads_to_is_refused_by_its_field() {
    let good = document().to_json().unwrap();
    for (from, to, part) in [
        ("\"column\": 1", "\"column\": 3", "column: expected 0 to 2, found 3"),
        ("\"ui_scale\": 1.0", "\"ui_scale\": 1e9", "ui_scale: expected 0.75 to 2.5"),
        ("\"ui_scale\": 1.0", "\"ui_scale\": 1e99", "ui_scale: expected 0.75 to 2.5, found inf"),
        ("\"query\": 3", "\"query\": 5", "pinned query: expected 0 to 4, found 5"),
        ("\"layer\": 14", "\"layer\": 18446744073709551615", "layer: expected 0 to 65535"),
        ("0.25", "-0.25", "0 or more"),
        ("0.25", "1e999", "cannot be read"),
        (
            "\"layers\": \"all\"",
            "\"layers\": {\"range\": {\"first\": 5, \"last\": 2}}",
            "the first at most the last, found 5 to 2",
        ),
        (
            "\"window\": null",
            "\"window\": {\"x0\": 3, \"y0\": 0, \"x1\": 1, \"y1\": 5}",
            "window: expected a part of 0 to 5",
        ),
        ("\"window\": null", "\"window\": {\"x0\": 0, \"y0\": 0, \"x1\": 1, \"y1\": 6}", "window: expected"),
        ("\"solo\": null", "\"solo\": [\"key\", 3]", "solo panel’s column: expected 0 to 2"),
        ("sha256-folder:ba", "sha256-folder:b", "64 hexadecimal digits"),
        ("    504,\n", "", "token_ids: expected a number for each of 5 tokens, found 4"),
    ] {
        let text = good.replacen(from, to, 1);
        let text = text.replacen("  504,\n", if part.contains("token_ids") { "" } else { "  504,\n" }, 1);
        assert_ne!(text, good, "{from}");
        let message = SessionDocument::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(part), "{to}: {message}");
    }
    let zoomed = Session {
        view: View { window: Some(Window { x0: 0.0, y0: 1.0 / 3.0, x1: 5.0, y1: 4.5 }), ..View::default() },
        ..sample()
    };
    let document = SessionDocument { session: zoomed, ..document() };
    assert_eq!(SessionDocument::from_json(document.to_json().unwrap().as_bytes()).unwrap(), document);
}

#[test]
fn a_document_of_what_is_on_screen_has_its_tokens() {
    let session = Session::example(Bundled::Austen);
    let outcome = Engine::default().run(&session.run_spec(), &|| false).unwrap();
    let document = SessionDocument::of(&session, Some(&outcome), &Fingerprints::default());
    assert_eq!(document.session, session);
    assert_eq!(document.tokens.len(), outcome.n_positions());
    assert_eq!(document.token_ids.len(), outcome.n_positions());
    assert_eq!((document.source.content, document.source.beside.clone()), (None, None));
    let other = SessionDocument::of(&Session::default(), Some(&outcome), &Fingerprints::default());
    assert!(other.tokens.is_empty(), "the outcome is of another source");
    for json in [document.to_json().unwrap(), document.to_payload().unwrap()] {
        assert_eq!(SessionDocument::from_json(json.as_bytes()).unwrap(), document);
    }
}

#[test]
fn saving_is_reading_back() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = (folder.path().join("x.json"), folder.path().join("m.gguf"));
    fs::write(&model, "weights").unwrap();
    let session = Session { source: SourceSpec::Gguf(model), ..sample() };
    SessionDocument::of(&session, None, &Fingerprints::default()).save(&path).unwrap();
    let document = read(&path).unwrap();
    assert_eq!((&document.session, document.source.beside.as_deref()), (&session, Some("m.gguf")));
    let gone = Session { source: SourceSpec::Gguf(folder.path().join("gone.gguf")), ..session };
    let lost = SessionDocument::of(&gone, None, &Fingerprints::default());
    assert_eq!((lost.source.content, &lost.session), (None, &gone), "it is saved all the same");
    let error = document.save(&folder.path().join("none/x.json")).unwrap_err().to_string();
    assert!(error.contains("the folder does not exist"), "{error}");
}

#[test]
fn the_containers_of_figures_are_read() {
    let document = document();
    let payload = document.to_payload().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in hostile::figures(&payload) {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        assert_eq!(read(&path).unwrap_or_else(|error| panic!("{error}")), document, "{name}");
    }
    for (name, bytes) in hostile::figures_without() {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(message.starts_with("holds no session (it was exported without one"), "{name}: {message}");
    }
}

/// Files as the program wrote them while every grid had three rows of three columns (version 0.1.0).
#[test]
fn files_of_the_first_program_open_and_are_written_as_they_were() {
    let figure = stored("0.1.0/figure.png").unwrap();
    assert_eq!(figure.session, Session::default());
    assert_eq!(stored("0.1.0/animation.png").unwrap().session, Session::example(Bundled::Austen));

    let head = stored("0.1.0/head.svg").unwrap().session;
    assert_eq!((head.layer(), head.prompt()), (2, &Prompt::TokenIds(vec![1, 2, 3, 4])));
    assert_eq!(
        (head.reference(), &head.scope().positions),
        (&Reference::Head { layer: 1, head: 2 }, &PositionScope::Rest)
    );
    let Look { quantity, norm, limits_from, .. } = head.view().look;
    assert_eq!((quantity, norm, limits_from), (Quantity::Difference, ColorNorm::Auto, LimitsFrom::EachPanel));

    // The slider had moved to the right column, while the middle panel was alone on screen: it is the one that stays.
    let solo = stored("0.1.0/solo.json").unwrap().session;
    let shown = panel(Component::Key, 1);
    assert_eq!((solo.view().solo, solo.selected(), solo.column()), (Some(shown), shown, shown.column));
    assert_eq!(solo.scope().layers, LayerScope::Range { first: 1, last: 3 });
    assert_eq!(*solo.epsilon(), Grid::repeated(Components::FIGURE, &[0.25, 3e-3, 0.0].map(epsilon)).unwrap());
    let Reference::View(kept) = solo.reference() else { panic!("{:?}", solo.reference()) };
    assert_eq!(
        (kept.layer, kept.head, &kept.operation, &kept.epsilon),
        (3, 1, &Operation::MeanPositions, solo.epsilon())
    );
    for exported in ["0.1.0/kept.png", "0.1.0/kept.pdf"] {
        assert_eq!(stored(exported).unwrap().session, solo, "{exported}");
    }

    let svg = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sessions/0.1.0/head.svg")).unwrap();
    let payload = stored("0.1.0/head.svg").unwrap().to_payload().unwrap();
    let as_then = payload.replacen(r#""version":2"#, r#""version":1"#, 1);
    assert!(as_then != payload && svg.contains(&as_then), "what was written is what is written: {payload}");
}

#[test]
fn grids_of_any_columns_and_rows_survive() {
    let rows = Components::new([Component::Query, Component::Value]).unwrap();
    for n_columns in COLUMNS {
        for rows in [Components::FIGURE, rows] {
            let columns: Vec<_> = (0..n_columns).map(|column| epsilon(0.1 * column as f64)).collect();
            let grid = Grid::repeated(rows, &columns).unwrap();
            let session = sample().with([Command::SetGrid(grid.clone()), Command::KeepView]);
            let json = SessionDocument::of_unread(&session, None).to_json().unwrap();
            let read = SessionDocument::from_json(json.as_bytes()).unwrap().session;
            assert_eq!((read.epsilon(), &read), (&grid, &session));
        }
    }
    let json = SessionDocument::of_unread(&sample(), None).to_json().unwrap();
    let json = json.replace(char::is_whitespace, "");
    let kept = json.replacen("\"reference\":\"baseline\"", &kept_of_two_columns(), 1);
    for (wrong, part) in [
        (
            json.replacen("[0.5,0.001,1e-10],[0.5,0.001,1e-10],[0.5,0.25,0.0]", "[1],[1],[1]", 1),
            "2 to 6 columns, found 1",
        ),
        (json.replacen("[0.5,0.25,0.0]", "[0.5,0.25]", 1), "rows of equal length"),
        (json.replacen("[0.5,0.25,0.0]", "", 1), "cannot be read"),
        (kept, "kept view’s epsilon: expected 3 columns"),
    ] {
        assert_ne!(wrong, json);
        let message = SessionDocument::from_json(wrong.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(part), "{part}: {message}");
    }
}

fn kept_of_two_columns() -> String {
    let grid = Grid::repeated(Components::FIGURE, &[Epsilon::ONE, Epsilon::ZERO]).unwrap();
    let kept = sample().with([Command::SetGrid(grid), Command::KeepView]);
    format!("\"reference\":{}", serde_json::to_string(kept.reference()).unwrap())
}
