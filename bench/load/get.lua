-- The plain GET of wrk, with a report.
require "report"
