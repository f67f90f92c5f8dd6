/// Whose words a token is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Of a text as it was typed or captured, or of ids as they were given.
    #[default]
    Text,
    /// Put around the text by the tokenizer, such as BOS.
    Added,
    /// Of a chat template.
    Template,
    /// Of what the model is told to be.
    System,
    /// Of what the user says.
    User,
}
