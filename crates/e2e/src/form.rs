//! `multipart/form-data`, written byte by byte: tests must be able to say what no library would.

const BOUNDARY: &str = "e2e-5d41402abc4b2a76b9719d911017c592";

/// A form with files.
#[derive(Clone, Default)]
pub struct Form {
    body: Vec<u8>,
}

impl Form {
    pub fn new() -> Self {
        Self::default()
    }

    /// One file, its name escaped as browsers do it.
    #[must_use]
    pub fn file(self, field: &str, filename: &str, bytes: &[u8]) -> Self {
        let escaped = filename.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        self.file_named_raw(field, escaped.as_bytes(), bytes)
    }

    /// One file, its name exactly these bytes between the quotes.
    #[must_use]
    pub fn file_named_raw(mut self, field: &str, filename: &[u8], bytes: &[u8]) -> Self {
        self.open(field);
        self.body.extend(b"; filename=\"");
        self.body.extend(filename);
        self.body.extend(b"\"\r\nContent-Type: application/octet-stream\r\n\r\n");
        self.body.extend(bytes);
        self.body.extend(b"\r\n");
        self
    }

    /// An input that is not a file.
    #[must_use]
    pub fn text(mut self, field: &str, value: &str) -> Self {
        self.open(field);
        self.body.extend(format!("\r\n\r\n{value}\r\n").bytes());
        self
    }

    fn open(&mut self, field: &str) {
        let start = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"");
        self.body.extend(start.bytes());
    }

    pub fn content_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        self.body
    }

    /// As it is when the connection breaks before the end.
    pub fn cut_off(self) -> Vec<u8> {
        self.body
    }
}
