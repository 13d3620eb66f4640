//! Stories told to the built binary: one a file, on both databases where it matters.

mod a_clean_stop_leaves_one_file;
mod a_full_disk_is_a_state;
mod a_photo_becomes_prints;
mod a_silent_crowd_keeps_nobody_out;
mod a_slow_reader_is_given_up;
mod an_invitation_brings_pictures;
mod an_upload_is_safe_before_it_is_acknowledged;
mod bad_input_leaves_nothing;
mod bytes_are_served_as_http_wants;
mod clients_are_generated;
mod counts_survive_everything;
mod delete_during_processing_leaves_nothing;
mod events_are_told_as_they_happen;
mod file_names_are_safe;
mod hostile_files;
mod kill_nine_at_each_step;
mod kill_nine_mid_job;
mod prometheus_scrapes_the_lab;
mod quota_under_concurrency;
mod retention_is_kept;
mod roles_share_the_data;
mod settings_are_refused_with_reasons;
mod signing_in;
mod strangers_are_turned_away;
mod the_api_keeps_its_description;
mod the_api_page;
mod the_first_page;
mod the_invitations_page;
mod the_invitees_page;
mod the_pages_bear_trouble;
mod the_readme_is_true;
mod the_same_bytes_are_stored_once;
mod the_shell_looks_after_accounts;
mod the_shell_reads_what_cameras_wrote;
mod thumbnail_service_drop_in;
mod what_an_admin_changes_holds_everywhere;

use std::path::Path;

use e2e::page::Page;

/// A window on a lab; the pictures of it lie under the story's name below the target directory.
fn window(origin: &str, story: &str) -> Page {
    Page::open(origin, &Path::new(env!("CARGO_TARGET_TMPDIR")).join(story))
}
mod workers_killed_at_random;
