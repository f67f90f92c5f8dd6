//! The page of models that other programs keep on this disk.

use std::{fs, path::Path};

use attenuate::{base::byte_count, engine::SourceSpec, model::on_disk::Places};
use egui::Role;

use super::support::Window;
use crate::{gguf::tokenizers::austen, support::captured_figure};

const DIALOG: &str = "Open";

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A window that looks for models in `folder` alone.
fn window(folder: &Path) -> Window {
    let places = Places { lm_studio: vec![folder.to_owned()], ..Places::default() };
    let mut window = Window::with(captured_figure(), |setup| setup.places = places);
    window.settle();
    window.menu(&["File", "Open…   Ctrl+O"]);
    window.wait("the list", |window| window.has(Role::Window, DIALOG));
    window
}

#[test]
fn a_model_is_chosen_from_the_list_and_what_does_not_open_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("me/austen/m.gguf");
    write(&file, &austen().bytes());
    write(&folder.path().join("me/state/config.json"), br#"{"model_type": "mamba"}"#);
    let mut window = window(folder.path());
    window.assert_text("austen/m.gguf");
    window.assert_text("no: model_type mamba is not supported: its layers");
    window.type_over(Role::TextInput, "Search models", "austen");
    assert!(!window.has_text("me/state") && window.has_text("1 of 2 models, 1 open"), "{:#?}", window.texts());
    let size = byte_count(file.metadata().unwrap().len());
    window.click(Role::Button, &format!("austen/m.gguf, {size}, llama, yes"));
    window.wait("the model", |window| *window.session().source() == SourceSpec::Gguf(file.clone()));
    assert!(!window.has(Role::Window, DIALOG));
}

#[test]
fn nothing_found_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let window = window(folder.path());
    window.assert_text("No models of Hugging Face, Ollama, LM Studio or llama.cpp were found.");
}
