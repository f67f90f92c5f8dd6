//! Saved sessions as SOURCE: they give what the arguments gave that they were made of.

use std::fs;

use attenuate::{
    attention::Scope,
    engine::{Bundled, Fingerprints, Reference, SourceSpec},
    model::bundled,
    session::{
        Cell, Command, OnScreen, Session,
        document::{self, SessionDocument},
    },
};

use crate::cli::sandbox::Sandbox;
use crate::support::captured_figure;

/// The session that `arguments` open the window on.
fn session(arguments: &[&str]) -> Session {
    let words = std::iter::once("attenuate").chain(arguments.iter().copied()).map(Into::into);
    match attenuate::cli::parse(words) {
        Ok(attenuate::cli::Invocation::Window(task)) => task.start().unwrap().session,
        _ => panic!("no window"),
    }
}

fn save(sandbox: &Sandbox, name: &str, session: &Session) {
    SessionDocument::of(session, None, &Fingerprints::default()).save(&sandbox.path(name)).unwrap();
}

/// A model folder in the sandbox.
fn model(sandbox: &Sandbox, name: &str) -> SourceSpec {
    let folder = sandbox.path(name);
    fs::create_dir(&folder).unwrap();
    for (name, bytes) in [
        ("config.json", bundled::CONFIG),
        ("model.safetensors", bundled::WEIGHTS),
        ("tokenizer.json", bundled::TOKENIZER),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
    }
    SourceSpec::Folder(folder)
}

fn weights(sandbox: &Sandbox, arguments: &[&str]) -> Vec<u8> {
    let arguments = [&["weights", "-o", "out.json"], arguments].concat();
    sandbox.run(&arguments).assert_done();
    let bytes = fs::read(sandbox.path("out.json")).unwrap();
    fs::remove_file(sandbox.path("out.json")).unwrap();
    bytes
}

#[test]
fn a_session_gives_the_numbers_of_its_arguments() {
    let sandbox = Sandbox::new();
    for arguments in [
        &[][..],
        &["bundled:austen", "--prompt", "A short one <&>.", "--no-bos", "--layer", "2", "--head", "1"],
        &[
            "--token-ids",
            "0,12,7,9",
            "--epsilon",
            "0.3,0.1,0",
            "--layers",
            "1..=3",
            "--heads",
            "all",
            "--positions",
            "0,2",
        ],
        &["bundled:austen", "--operation", "noise", "--seed", "7", "--layers", "all", "--heads", "group"],
        &["--layer", "3", "--operation", "mean-heads"],
    ] {
        let original = session(arguments);
        save(&sandbox, "saved.json", &original);
        let reread = session(&[sandbox.path("saved.json").to_str().unwrap()]);
        assert_eq!(reread, original, "{arguments:?}");
        assert_eq!(weights(&sandbox, &["saved.json"]), weights(&sandbox, arguments), "{arguments:?}");
    }
}

#[test]
fn options_take_the_place_of_what_the_session_says() {
    let sandbox = Sandbox::new();
    save(
        &sandbox,
        "saved.json",
        &session(&["bundled:austen", "--layer", "2", "--heads", "all", "--operation", "noise"]),
    );
    for (more, whole) in [
        (&["--epsilon", "1,0.2,0"][..], &["--heads", "all", "--operation", "noise", "--epsilon", "1,0.2,0"][..]),
        (&["--seed", "9"], &["--heads", "all", "--operation", "noise", "--seed", "9"]),
        (&["--operation", "scale", "--heads", "shown"], &["--operation", "scale"]),
        (&["--prompt", "Other words."], &["--heads", "all", "--operation", "noise", "--prompt", "Other words."]),
        (&["--layers", "all"], &["--heads", "all", "--operation", "noise", "--layers", "all"]),
    ] {
        let (more, whole) = ([&["saved.json"], more].concat(), [&["bundled:austen", "--layer", "2"], whole].concat());
        assert_eq!(weights(&sandbox, &more), weights(&sandbox, &whole), "{more:?}");
    }
}

#[test]
fn every_task_takes_a_session() {
    let sandbox = Sandbox::new();
    save(&sandbox, "saved.json", &session(&["bundled:austen", "--prompt", "A short one.", "--layer", "1"]));
    let whole = ["bundled:austen", "--prompt", "A short one."];
    let table = sandbox.run(&["heads", "saved.json"]);
    table.assert_done();
    assert_eq!(table.stdout, sandbox.run(&[&["heads"], &whole[..]].concat()).stdout);
    for output in ["out.csv", "out.png"] {
        let task = if output == "out.csv" { "sweep" } else { "export" };
        sandbox.run(&[task, "saved.json", "-o", output]).assert_done();
        let from_session = fs::read(sandbox.path(output)).unwrap();
        sandbox.run(&[&[task, "-o", output, "--layer", "1"], &whole[..]].concat()).assert_done();
        let from_arguments = fs::read(sandbox.path(output)).unwrap();
        assert!(!from_session.is_empty());
        if output == "out.csv" {
            assert_eq!(from_session, from_arguments);
        }
    }
}

#[test]
fn a_figure_that_holds_a_session_is_a_source() {
    let sandbox = Sandbox::new();
    let original = session(&["bundled:smollm2-capture", "--epsilon", "0.7,0.2,0"]);
    let document = SessionDocument::of(&original, None, &Fingerprints::default());
    let (payload, original_json) = (document.to_payload().unwrap(), document.to_json().unwrap());
    let mut picture = Vec::new();
    let mut encoder = png::Encoder::new(&mut picture, 1, 1);
    encoder.add_itxt_chunk(document::KEYWORD.to_owned(), payload.clone()).unwrap();
    encoder.write_header().unwrap().write_image_data(&[7]).unwrap();
    let element =
        format!("<attenuate:session xmlns:attenuate=\"{}\">{payload}</attenuate:session>", document::NAMESPACE);
    let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><metadata>{element}</metadata></svg>");
    let pdf = format!("%PDF-1.7\n<?xpacket begin=\"\" id=\"x\"?><x>{element}</x><?xpacket end=\"r\"?>\n%%EOF");
    let expected = weights(&sandbox, &["bundled:smollm2-capture", "--epsilon", "0.7,0.2,0"]);
    // By their first bytes: a name may have no ending, or that of something else.
    for (names, bytes) in [
        (["a.png", "picture"], picture),
        (["a.svg", "drawn.xml"], svg.into_bytes()),
        (["a.pdf", "a.json"], pdf.into_bytes()),
        (["b.json", "kept"], original_json.into_bytes()),
    ] {
        for name in names {
            assert_eq!(weights(&sandbox, &[sandbox.write(name, &bytes)]), expected, "{name}");
        }
    }
}

/// `version-1.pdf` is a figure as version 0.1.0 wrote it, with its session in the document's own metadata.
#[test]
fn a_pdf_is_a_source_whichever_version_wrote_it() {
    let sandbox = Sandbox::new();
    let arguments = ["bundled:austen", "--prompt", "A short one.", "--layer", "1", "--epsilon", "0.7,0.2,0"];
    let expected = weights(&sandbox, &arguments);
    let stored = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sessions/version-1.pdf");
    assert_eq!(weights(&sandbox, &[stored]), expected);
    let export = [&["export", "-o", "new.pdf"], &arguments[..]].concat();
    sandbox.run(&export).assert_done();
    assert_eq!(weights(&sandbox, &["new.pdf"]), expected);
    sandbox.run(&["export", "-o", "again.pdf", "new.pdf"]).assert_done();
    assert_eq!(weights(&sandbox, &["again.pdf"]), expected);
}

#[test]
fn what_cannot_be_restored_is_one_line() {
    let sandbox = Sandbox::new();
    sandbox.write("newer.json", br#"{"format": "attenuate-session", "version": 7, "program": "3.0.0", "x": []}"#);
    sandbox.write("other.json", b"{\"tokens\": []}");
    sandbox.write("plain.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    let newer = "written by a newer Attenuate 3.0.0 (session version 7; this program reads up to 2)";
    for (file, part) in [
        ("newer.json", newer),
        ("other.json", "not a session of Attenuate"),
        ("plain.svg", "holds no session (it was exported without one, or by another program)"),
        ("gone.json", "cannot read"),
    ] {
        for task in [
            &["weights", "-o", "out.json"][..],
            &["export", "-o", "out.png"],
            &["sweep", "-o", "out.csv"],
            &["heads"],
            &[],
        ] {
            sandbox.run(&[task, &[file]].concat()).assert_refused(1, &[part, file]);
        }
    }
    assert_eq!(sandbox.names(), ["newer.json", "other.json", "plain.svg"]);
    save(&sandbox, "capture.json", &captured_figure());
    sandbox
        .run(&["heads", "capture.json", "--prompt", "x"])
        .assert_refused(1, &["--prompt", "bundled:smollm2-capture"]);
    sandbox.run(&["weights", "-o", "o.json", "capture.json", "--seed", "3"]).assert_refused(1, &["--seed", "scale"]);
    sandbox
        .run(&["heads", "bundled:smollm2-capture", "--model", "bundled:austen"])
        .assert_refused(2, &["--model is for a session"]);
}

#[test]
fn a_source_that_has_moved_is_found_beside_its_session_or_by_name() {
    let sandbox = Sandbox::new();
    let source = model(&sandbox, "model");
    let original = Session::example(Bundled::Austen).with([Command::Locate(source)]);
    fs::create_dir(sandbox.path("work")).unwrap();
    save(&sandbox, "work/saved.json", &original);
    let expected = weights(&sandbox, &["work/saved.json"]);

    // Both in another place.
    fs::create_dir(sandbox.path("else")).unwrap();
    for name in ["work", "model"] {
        fs::rename(sandbox.path(name), sandbox.path("else").join(name)).unwrap();
    }
    let numbers = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap()["query"].clone();
    assert_eq!(numbers(&weights(&sandbox, &["else/work/saved.json"])), numbers(&expected));

    // The session alone.
    fs::rename(sandbox.path("else/work/saved.json"), sandbox.path("saved.json")).unwrap();
    let run = ["weights", "-o", "out.json", "saved.json"];
    sandbox.run(&run).assert_refused(1, &["saved.json", "source is not at", "model", "--model PATH"]);
    assert_eq!(numbers(&weights(&sandbox, &["saved.json", "--model", "else/model"])), numbers(&expected));

    // Something else in its place.
    fs::rename(sandbox.path("else/model"), sandbox.path("model")).unwrap();
    assert_eq!(numbers(&weights(&sandbox, &["saved.json"])), numbers(&expected));
    fs::write(sandbox.path("model/config.json"), [bundled::CONFIG, b"\n"].concat()).unwrap();
    sandbox.run(&run).assert_refused(1, &["saved.json", "not what it was", "--model PATH"]);
    assert_eq!(numbers(&weights(&sandbox, &["saved.json", "--model", "model"])), numbers(&expected));
}

/// A prompt given over a session forgets what the window forgets: a kept view that names positions of the old one.
#[test]
fn another_prompt_forgets_cells_and_positions_of_the_old_one() {
    let sandbox = Sandbox::new();
    let scope = Scope { positions: "1,2".parse().unwrap(), ..Scope::default() };
    let kept = Session::example(Bundled::Austen).with([
        Command::SetScope(scope),
        Command::KeepView,
        Command::SetScope(Scope::default()),
        Command::Pin(Cell { query: 3, key: 1 }),
    ]);
    save(&sandbox, "kept.json", &kept);
    let path = sandbox.path("kept.json");
    let opened = |arguments: &[&str]| session(&[&[path.to_str().unwrap()], arguments].concat());
    let same = opened(&[]);
    assert!(matches!(same.reference(), Reference::View(_)) && same.pinned().is_some());
    for arguments in [&["--prompt", "Another."][..], &["--token-ids", "1,2,3"], &["--no-bos"]] {
        let session = opened(arguments);
        assert_eq!((session.reference(), session.pinned()), (&Reference::Baseline, None), "{arguments:?}");
        let mut window = kept.clone();
        let command = match arguments {
            ["--prompt", text] => Command::SetPrompt((*text).to_owned()),
            ["--no-bos"] => Command::SetBos(false),
            _ => continue,
        };
        window.apply(command, OnScreen::default());
        assert_eq!(session, window, "{arguments:?}");
    }
}
