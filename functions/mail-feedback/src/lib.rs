//! Takes what became of mail: sent, delivered, bounced, complained about.
