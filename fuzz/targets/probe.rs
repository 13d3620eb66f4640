//! Any bytes as the head of a picture: what is let in lies within the limits, and is read once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minilab_fuzz::{Counting, check_error, check_facts, limits};

fuzz_target!(|bytes: &[u8]| {
    let limits = limits();
    let mut reader = Counting::new(bytes);
    let facts = pixels::probe(&mut reader, &limits);
    reader.check();
    match &facts {
        Ok(facts) => check_facts(facts, &limits),
        Err(error) => check_error(error),
    }
    assert_eq!(pixels::probe(Counting::new(bytes), &limits), facts, "it says something else now");
});
