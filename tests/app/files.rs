//! Captures, model folders and GGUF files, dropped or by their path.

use std::{
    collections::HashMap,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use attenuate::{
    engine::{Bundled, Fingerprints, Prompt, SourceKind, SourceSpec},
    model::bundled,
    session::{Command, document::SessionDocument},
};
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;
use safetensors::{Dtype, tensor::TensorView};

use super::{
    gguf_files::{convert::golden, quantize::Format},
    support::Window,
};
use crate::support::captured_figure;

/// Of the dialog that opens everything.
pub const FIELD: &str = "File, model folder or name";

#[derive(Debug)]
pub struct Dropped(pub PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the window reads by path".to_owned())
    }
}

pub fn drop_file(window: &mut Window, path: &Path) {
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path.to_owned())));
    window.harness.step();
    window.settle();
}

fn open_by_path(window: &mut Window, path: &str) {
    window.press_with(Modifiers::COMMAND, Key::O);
    window.type_over(Role::TextInput, FIELD, path);
    window.press(Key::Enter);
}

fn assert_figure_stays(window: &mut Window) {
    assert_eq!(*window.session().source(), SourceSpec::Bundled(Bundled::Smollm2Capture));
    assert_eq!(window.outcome().n_positions(), 24);
    window.metrics();
}

#[test]
fn garbage_leaves_the_figure_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage.safetensors");
    std::fs::write(&garbage, [0x7f_u8; 4000]).unwrap();
    let empty = folder.path().join("empty.safetensors");
    std::fs::write(&empty, []).unwrap();
    let missing = folder.path().join("missing.safetensors");
    let gguf = folder.path().join("garbage.gguf");
    std::fs::write(&gguf, [0x7f_u8; 4000]).unwrap();
    for path in [&garbage, &empty, &missing, &gguf] {
        for how in ["dropped", "typed"] {
            let mut window = Window::figure();
            let before = window.session().clone();
            match how {
                "dropped" => drop_file(&mut window, path),
                _ => open_by_path(&mut window, &path.display().to_string()),
            }
            window.wait("an error", |window| !window.announced(Role::Alert).is_empty());
            let alerts = window.announced(Role::Alert);
            assert!(alerts.len() == 1 && alerts[0].contains(&path.display().to_string()), "{how}: {alerts:?}");
            assert_eq!(*window.session(), before);
            assert_figure_stays(&mut window);
        }
    }
}

#[test]
fn other_kinds_of_file_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "no capture").unwrap();
    let mut window = Window::figure();
    drop_file(&mut window, &path);
    let alerts = window.announced(Role::Alert);
    assert!(
        alerts.len() == 1 && alerts[0].contains("notes.txt") && alerts[0].contains(".safetensors or .npz"),
        "{alerts:?}"
    );
    assert_figure_stays(&mut window);
    open_by_path(&mut window, "");
    assert_eq!(window.announced(Role::Alert).len(), 2, "{:?}", window.announced(Role::Alert));
    assert_figure_stays(&mut window);
    assert!(window.has(Role::Button, "Open"), "the path can be mended in the dialog");
}

/// `[5, 4]` arrays as `numpy.savez` writes them.
fn npz(data: &HashMap<&str, Vec<u8>>) -> Vec<u8> {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 4), }";
    let mut zip = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in data {
        let path = format!("{name}.npy");
        let (mut member, config) = zip.new_file(path.as_str()).start().unwrap();
        let mut writer = config.wrap(&mut member);
        writer.write_all(b"\x93NUMPY\x01\x00").unwrap();
        writer.write_all(&u16::try_from(header.len()).unwrap().to_le_bytes()).unwrap();
        writer.write_all(&[header.as_bytes(), bytes].concat()).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        member.finish(descriptor).unwrap();
    }
    zip.finish().unwrap()
}

#[test]
fn a_capture_opens_and_back_leads_to_the_figure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.safetensors");
    let values = |rate: f32| -> Vec<u8> { (0..5 * 4).flat_map(|i| (i as f32 * rate).sin().to_le_bytes()).collect() };
    let data: HashMap<&str, Vec<u8>> = [("q", values(0.7)), ("k", values(1.1)), ("v", values(1.9))].into();
    let views = data.iter().map(|(name, bytes)| (*name, TensorView::new(Dtype::F32, vec![5, 4], bytes).unwrap()));
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    let packed = folder.path().join("mine.npz");
    std::fs::write(&packed, npz(&data)).unwrap();
    for (how, path) in [("dropped", &path), ("typed", &path), ("dropped", &packed), ("typed", &packed)] {
        let mut window = Window::figure();
        match how {
            "dropped" => drop_file(&mut window, path),
            _ => open_by_path(&mut window, &path.display().to_string()),
        }
        window.wait("five tokens", |window| window.outcome().n_positions() == 5);
        assert_eq!(*window.session().source(), SourceSpec::Capture(path.clone()));
        assert_eq!((window.session().layer(), window.session().head()), (0, 0), "its only ones");
        window.metrics();
        assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), "", "it holds no text, least of all the figure’s");
        assert!(window.announced(Role::Alert).is_empty(), "{how}: {:?}", window.announced(Role::Alert));
        assert!(window.harness.query_by_role_and_label(Role::Window, "Open").is_none());
        window.press_with(Modifiers::ALT, Key::ArrowLeft);
        assert_eq!(*window.session(), captured_figure());
        assert_figure_stays(&mut window);
    }
}

#[test]
fn a_captures_tokens_are_the_text_in_the_prompt_box() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.safetensors");
    let data: Vec<u8> = (0..3 * 2).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let view = |name| (name, TensorView::new(Dtype::F32, vec![3, 2], &data).unwrap());
    let metadata = HashMap::from([("tokens".to_owned(), r#"["The", "Ġcat", "Ġsat"]"#.to_owned())]);
    std::fs::write(&path, safetensors::serialize([view("q"), view("k")], Some(metadata)).unwrap()).unwrap();
    let mut window = Window::figure();
    let figure = window.value(Role::MultilineTextInput, "Prompt");
    drop_file(&mut window, &path);
    window.wait("three tokens", |window| window.outcome().n_positions() == 3);
    assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), "The cat sat");
    window.press_with(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), figure);
}

#[test]
fn a_model_folder_opens_reads_the_prompt_and_back_leads_to_the_figure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my-model");
    std::fs::create_dir(&path).unwrap();
    for (name, bytes) in [
        ("config.json", bundled::CONFIG),
        ("model.safetensors", bundled::WEIGHTS),
        ("tokenizer.json", bundled::TOKENIZER),
    ] {
        std::fs::write(path.join(name), bytes).unwrap();
    }
    let mut window = Window::figure();
    let prompt = window.session().prompt().clone();
    drop_file(&mut window, &path);
    window.wait("the folder's model", |window| window.outcome().facts.source == SourceSpec::Folder(path.clone()));
    let (session, facts) = (window.session().clone(), window.outcome().facts.clone());
    assert_eq!((facts.kind, facts.title.as_str(), facts.n_layers), (SourceKind::Model, "my-model", 6));
    assert_eq!(*session.prompt(), prompt, "the prompt survives");
    assert_eq!((session.layer(), session.head()), (5, 3), "the last layer, and the head that was shown");
    window.metrics();
    window.press_with(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(*window.session(), captured_figure());
    assert_figure_stays(&mut window);
}

#[test]
fn a_gguf_file_opens_and_back_leads_to_the_figure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.F32.gguf");
    std::fs::write(&path, golden("qwen2", Format::F32).bytes()).unwrap();
    for how in ["dropped", "typed"] {
        let mut window = Window::open(captured_figure().with([Command::Read(Prompt::TokenIds(vec![1, 2, 3, 4, 5]))]));
        let before = window.session().clone();
        if how == "dropped" {
            drop_file(&mut window, &path);
        } else {
            window.menu(&["File", "Open…   Ctrl+O"]);
            window.type_over(Role::TextInput, FIELD, &path.display().to_string());
            window.press(Key::Enter);
        }
        window.wait("the file's model", |window| window.outcome().facts.source == SourceSpec::Gguf(path.clone()));
        let facts = window.outcome().facts.clone();
        assert_eq!((facts.kind, facts.title.as_str(), facts.n_layers), (SourceKind::Model, "tiny.F32.gguf", 3));
        assert_eq!(window.outcome().n_positions(), 5, "{how}");
        window.metrics();
        assert!(window.announced(Role::Alert).is_empty(), "{how}: {:?}", window.announced(Role::Alert));
        window.press_with(Modifiers::ALT, Key::ArrowLeft);
        assert_eq!(*window.session(), before);
    }
}

#[test]
fn a_gguf_file_without_a_tokenizer_says_so_when_there_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mute.gguf");
    let unknown = golden("qwen2", Format::F32).set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.pre", "made-up");
    std::fs::write(&path, unknown.bytes()).unwrap();
    let mut window = Window::figure();
    drop_file(&mut window, &path);
    let says = "tokenizer.ggml.pre made-up is not supported";
    window.wait_anyhow("a reason under the prompt", |window| window.has_text(says));
    window.assert_text("give token ids instead of text");
}

#[test]
fn a_folder_that_is_no_model_leaves_the_figure() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::figure();
    drop_file(&mut window, folder.path());
    window.wait("an error", |window| !window.announced(Role::Alert).is_empty());
    let alerts = window.announced(Role::Alert);
    assert!(alerts.len() == 1 && alerts[0].contains("config.json"), "{alerts:?}");
    assert_figure_stays(&mut window);
}

/// Nothing that had a menu item of its own is lost: keys, the palette's lines, every kind of file.
#[test]
fn one_dialog_opens_every_kind() {
    let mut window = Window::figure();
    for shift in [false, true] {
        window.press_with(Modifiers { shift, ..Modifiers::COMMAND }, Key::O);
        assert!(window.has(Role::Window, "Open"), "shift: {shift}");
        for browse in ["Browse files…", "Browse folders…"] {
            assert!(window.has(Role::Button, browse), "{browse}");
        }
        window.press(Key::Escape);
    }
    for words in ["open capture", "open model folder", "open gguf", "open session", "open model on this disk"] {
        window.press_with(Modifiers::COMMAND, Key::K);
        window.harness.event(egui::Event::Text(words.to_owned()));
        window.settle();
        window.press(Key::Enter);
        assert!(window.has(Role::Window, "Open"), "{words}");
        window.press(Key::Escape);
    }
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("view.json");
    let elsewhere = captured_figure().with([Command::SetHead(7)]);
    SessionDocument::of(&elsewhere, None, &Fingerprints::default()).save(&session).unwrap();
    open_by_path(&mut window, &session.display().to_string());
    window.wait("the session", |window| window.session().head() == 7);
    assert!(!window.has(Role::Window, "Open") && window.announced(Role::Alert).is_empty());
    open_by_path(&mut window, "bundled:austen");
    window.wait("the model", |window| *window.session().source() == SourceSpec::Bundled(Bundled::Austen));
    assert!(!window.has(Role::Window, "Open"));
}

/// A message belongs to its dialog, which stays with what was typed; then it goes with another path.
#[test]
fn what_does_not_open_is_said_in_the_dialog() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let capture = folder.path().join("empty.safetensors");
    for path in [
        write("garbage.safetensors", &[0x7f; 4000]),
        write("garbage.gguf", &[0x7f; 4000]),
        write("garbage.json", b"[1, 2]"),
        write("notes.txt", b"no capture"),
        folder.path().join("missing.safetensors"),
        folder.path().to_owned(),
    ] {
        let mut window = Window::figure();
        let path = path.display().to_string();
        open_by_path(&mut window, &path);
        window.wait("why", |window| !window.announced(Role::Alert).is_empty());
        let dialog = window.harness.get_by_role_and_label(Role::Window, "Open").rect();
        let alerts = window.harness.query_all_by_role(Role::Alert).collect::<Vec<_>>();
        assert!(alerts.len() == 1 && dialog.contains_rect(alerts[0].rect()), "{path}: {:?}", alerts.len());
        assert_eq!(window.value(Role::TextInput, FIELD), path);
        assert_figure_stays(&mut window);
        window.type_over(Role::TextInput, FIELD, &capture.display().to_string());
        assert!(window.announced(Role::Alert).is_empty(), "{path}");
        window.press(Key::Escape);
        assert!(!window.has(Role::Window, "Open") && window.announced(Role::Alert).is_empty());
    }
}

#[test]
fn escape_closes_the_dialog() {
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::O);
    assert!(window.harness.get_by_role_and_label(Role::TextInput, FIELD).is_focused());
    window.press(Key::Escape);
    assert!(window.harness.query_by_role_and_label(Role::Window, "Open").is_none());
    assert_figure_stays(&mut window);
}

#[test]
fn what_is_typed_replaces_the_folder_that_the_dialog_begins_with() {
    let mut window = Window::figure();
    window.press_with(Modifiers::COMMAND, Key::O);
    window.settle();
    window.harness.event(egui::Event::Text("hf:owner/name".to_owned()));
    window.settle();
    assert_eq!(window.value(Role::TextInput, FIELD), "hf:owner/name");
}

/// Bytes are read by a rule that the file does not name: the status line says so, a hover says why.
#[test]
fn what_is_uncertain_about_a_source_stands_in_the_status_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.gguf");
    std::fs::write(&path, crate::gguf::tokenizers::austen().without("tokenizer.ggml.pre").bytes()).unwrap();
    let prompt = Prompt::TokenIds(vec![1, 2, 3]);
    let mut window =
        Window::open(captured_figure().with([Command::Locate(SourceSpec::Gguf(path)), Command::Read(prompt)]));
    window.settle();
    window.assert_text("how words are cut is a guess");
    assert!(!Window::figure().has_text("how words are cut is a guess"));
}

#[test]
fn an_adapter_without_its_base_asks_for_it() {
    const QUESTION: &str = "is an adapter (LoRA) of “org/llama”";
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folder = tempfile::tempdir().unwrap();
    let [adapter, base] = ["mine", "tiny"].map(|name| folder.path().join(name));
    for (from, to, names) in [
        ("parity/adapters/plain", &adapter, ["adapter_config.json", "adapter_model.safetensors"]),
        ("goldens/llama", &base, ["config.json", "model.safetensors"]),
    ] {
        std::fs::create_dir(to).unwrap();
        for name in names {
            std::fs::copy(root.join(from).join(name), to.join(name)).unwrap();
        }
    }
    let mut window = Window::open(captured_figure().with([Command::Read(Prompt::TokenIds(vec![0, 5, 17, 40]))]));
    let before = window.session().source().clone();
    drop_file(&mut window, &adapter);
    window.wait("the question", |window| window.has_text(QUESTION));
    assert_eq!(*window.session().source(), before, "nothing changes until it is found");
    assert!(window.announced(Role::Alert).is_empty(), "{:?}", window.announced(Role::Alert));
    let name = "Folder of the model, or hf:OWNER/NAME";
    window.type_over(Role::TextInput, name, "bundled:austen");
    window.press(Key::Enter);
    window.wait("a complaint", |window| !window.announced(Role::Alert).is_empty());
    window.type_over(Role::TextInput, name, &base.display().to_string());
    window.press(Key::Enter);
    let over = SourceSpec::Folder(adapter).over(&SourceSpec::Folder(base)).unwrap();
    window.wait("the adapter's model", |window| window.outcome().facts.source == over);
    let facts = window.outcome().facts.clone();
    assert!(facts.title == "mine" && facts.notices.iter().any(|notice| notice.brief == "with its adapter"));
    assert!(!window.has_text(QUESTION));
}
