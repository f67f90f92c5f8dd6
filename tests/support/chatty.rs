//! A small model with a chat template.

use std::{fs, path::Path};

use attenuate::model::bundled;

const TEMPLATE: &[u8] = b"{{ bos_token }}{{ strftime_now('%d %B %Y') }}
{% for m in messages %}{{ m.role }}: {{ m.content }}
{% endfor %}{% if 'refuse' in messages[0].content %}{{ raise_exception('Not that') }}{% endif %}model:";

/// Makes `folder` the small bundled model with a template that says the day, and whose line 3 refuses `refuse`.
pub fn write(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (name, bytes) in [
        ("config.json", bundled::CONFIG),
        ("tokenizer.json", bundled::TOKENIZER),
        ("model.safetensors", bundled::WEIGHTS),
        ("tokenizer_config.json", br#"{"bos_token": "<s>"}"#),
        ("chat_template.jinja", TEMPLATE),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
    }
}
