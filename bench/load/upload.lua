-- Posts the pictures named after `--` in turn, as the field `file` of a multipart form. Each gets a
-- number of its own in a JPEG comment: equal files would be stored once and made into nothing.
require "report"

local BOUNDARY = "a-line-that-is-in-no-picture"
local START_OF_IMAGE = "\255\216"
local COMMENT = "\255\254\0\18" -- its length follows the marker: 2 + 16

local head = "--" .. BOUNDARY .. "\r\n"
  .. 'Content-Disposition: form-data; name="file"; filename="picture.jpg"\r\n'
  .. "Content-Type: image/jpeg\r\n\r\n"
  .. START_OF_IMAGE .. COMMENT
local tail = "\r\n--" .. BOUNDARY .. "--\r\n"

local pictures = {}
local count = 0

function init(paths)
  for _, path in ipairs(paths) do
    local file = assert(io.open(path, "rb"))
    table.insert(pictures, file:read("*a"):sub(#START_OF_IMAGE + 1))
    file:close()
  end
  wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. BOUNDARY
end

function request()
  count = count + 1
  local picture = pictures[count % #pictures + 1]
  local body = head .. string.format("%016d", count) .. picture .. tail
  return wrk.format("POST", nil, nil, body)
end
