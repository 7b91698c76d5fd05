//! Mail: what each kind says, in each language, as text and HTML.
