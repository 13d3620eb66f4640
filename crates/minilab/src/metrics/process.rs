//! What the system says of this process and of the disks it writes to. Names are those that every
//! Prometheus client uses.

use std::path::PathBuf;

use anyhow::Context;
use prometheus_client::encoding::DescriptorEncoder;
use rustix::process::{Resource, getrlimit};

use super::text::{Encoded, counter, gauge, gauges};
use crate::config::Config;
use crate::cpu;

pub(super) struct Process {
    cpu_secs: f64,
    resident_bytes: f64,
    open_files: f64,
    open_files_max: f64,
    start_secs: f64,
    /// What it holds, bytes free, bytes in all.
    disks: Vec<(&'static str, f64, f64)>,
}

impl Process {
    pub(super) async fn read(config: &Config) -> anyhow::Result<Self> {
        let folders = [("data", config.data.clone()), ("blobs", config.blobs.root(&config.data))];
        cpu::run(move || read(folders)).await
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Encoded {
        let disks = || self.disks.iter();
        let free = disks().map(|(holds, free, _)| ([("holds", *holds)], *free));
        gauges(encoder, "minilab_disk_free_bytes", "Free where the lab writes", free)?;
        let size = disks().map(|(holds, _, size)| ([("holds", *holds)], *size));
        gauges(encoder, "minilab_disk_size_bytes", "The size of that disk", size)?;
        let help = "Processor time of this process, without its rendering children";
        counter(encoder, "process_cpu_seconds", help, self.cpu_secs)?;
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Memory in use", self.resident_bytes),
            ("process_open_fds", "Open file descriptors", self.open_files),
            ("process_max_fds", "The most of them", self.open_files_max),
            ("process_start_time_seconds", "When the process started, since 1970", self.start_secs),
        ] {
            gauge(encoder, name, help, value)?;
        }
        Ok(())
    }
}

fn read(folders: [(&'static str, PathBuf); 2]) -> anyhow::Result<Process> {
    let text =
        |path: &str| std::fs::read_to_string(path).with_context(|| format!("reading {path}"));
    // The name of the program stands in brackets and may have anything in it: count from behind it.
    let stat = text("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = fields.split_whitespace().collect::<Vec<_>>();
    // Fields 14, 15 and 22 of proc(5); the first one here is the third.
    let ticks = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<f64>().ok());
    let per_second = rustix::param::clock_ticks_per_second() as f64;
    let user_and_system = ticks(14).zip(ticks(15)).context("reading /proc/self/stat")?;
    let pages = text("/proc/self/statm")?;
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok());
    let booted = text("/proc/stat")?;
    let booted = booted.lines().find_map(|line| line.strip_prefix("btime ")?.parse::<f64>().ok());
    let mut disks = Vec::new();
    for (holds, folder) in folders {
        let disk = rustix::fs::statvfs(&folder);
        let disk = disk.with_context(|| format!("asking about {}", folder.display()))?;
        let bytes = |blocks: u64| (blocks * disk.f_frsize) as f64;
        disks.push((holds, bytes(disk.f_bavail), bytes(disk.f_blocks)));
    }
    Ok(Process {
        cpu_secs: (user_and_system.0 + user_and_system.1) / per_second,
        resident_bytes: pages.unwrap_or_default() * rustix::param::page_size() as f64,
        // Without the one that this look opens.
        open_files: std::fs::read_dir("/proc/self/fd")?.count().saturating_sub(1) as f64,
        open_files_max: getrlimit(Resource::Nofile)
            .current
            .map_or(f64::INFINITY, |most| most as f64),
        start_secs: booted.unwrap_or_default() + ticks(22).unwrap_or_default() / per_second,
        disks,
    })
}
