#include "inputs/input_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>

#include "file_stamp.h"
#include "fstool/blob.h"
#include "fstool/error.h"
#include "record_file.h"

namespace fstool {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFirstLine = "fstool-inputs 2";
constexpr std::string_view kLastLine = "end";
constexpr std::string_view kNothing = "-";

/// A record of a million files has 200 MB.
constexpr std::uint64_t kMaxRecordBytes = std::uint64_t{4} << 30U;

/// Clocks of file systems have ticks of up to two seconds (FAT): a file that changed so shortly before its state was
/// listed may have changed again within the tick.
constexpr std::int64_t kClockTick = 2'000'000'000;

// --- Text
// -------------------------------------------------------------------------------------------------------------

std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == '\\')
      text += "\\\\";
    else if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  return text;
}

std::string unescaped(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 1 < text.size();
    if (is_escape) ++i;
    path += is_escape && text[i] == 'n' ? '\n' : text[i];
  }
  return path;
}

std::string_view or_nothing(std::string_view text) { return text.empty() ? kNothing : text; }

std::string text_of(const InputRecord& record) {
  std::string text = fmt::format("{}\nrequest {}\n", kFirstLine, record.request);
  if (!record.boot.empty()) text += fmt::format("boot {}\n", record.boot);
  for (const RecordedOutput& output : record.outputs) {
    text += fmt::format("output {} {} {}\n", output.size, output.modified_at, escaped(output.path.string()));
  }
  text += fmt::format("taken {}\n", record.taken_at);
  for (const RecordedInput& recorded : record.inputs) {
    text += fmt::format("input {} {}\n", recorded.input.use == InputUse::Content ? "content" : "metadata",
                        escaped(recorded.input.path.string()));
    for (const InputState& state : recorded.states) {
      text += fmt::format("state {} {} {} {} {} {}\n", state.stamp, state.changed_at, state.size,
                          or_nothing(state.metadata), or_nothing(state.hash), escaped(state.path));
    }
  }
  return text.append(kLastLine).append("\n");
}

/// What is wrong with a record is of no interest: without one, the output is made again.
struct BadRecord {};

/// Reads one line of a record.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  std::string_view word() {
    const std::size_t blank = rest_.find(' ');
    if (blank == std::string_view::npos) throw BadRecord();
    const std::string_view word = rest_.substr(0, blank);
    rest_.remove_prefix(blank + 1);
    return word;
  }
  std::string optional_word() {
    const std::string_view text = word();
    return text == kNothing ? std::string() : std::string(text);
  }
  template <class Number>
  Number number() {
    return parse<Number>(word());
  }
  template <class Number>
  Number last_number() const {
    return parse<Number>(rest_);
  }
  std::string path() const { return unescaped(rest_); }
  std::string_view rest() const { return rest_; }

 private:
  template <class Number>
  static Number parse(std::string_view text) {
    Number value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size()) throw BadRecord();
    return value;
  }

  std::string_view rest_;
};

InputState parse_state(Line line) {
  InputState state;
  state.stamp = line.word();
  state.changed_at = line.number<std::int64_t>();
  state.size = line.number<std::uint64_t>();
  state.metadata = line.optional_word();
  state.hash = line.optional_word();
  state.is_file = !state.hash.empty();
  state.path = line.path();
  return state;
}

void parse_line(Line line, InputRecord& record) {
  const std::string_view kind = line.word();
  if (kind == "request") {
    record.request = line.rest();
  } else if (kind == "boot") {
    record.boot = line.rest();
  } else if (kind == "output") {
    RecordedOutput& output = record.outputs.emplace_back();
    output.size = line.number<std::uint64_t>();
    output.modified_at = line.number<std::int64_t>();
    output.path = line.path();
  } else if (kind == "taken") {
    record.taken_at = line.last_number<std::int64_t>();
  } else if (kind == "input") {
    const InputUse use = line.word() == "content" ? InputUse::Content : InputUse::Metadata;
    record.inputs.push_back({.input = {.path = line.path(), .use = use}, .states = {}});
  } else if (kind == "state" && !record.inputs.empty()) {
    record.inputs.back().states.push_back(parse_state(line));
  } else {
    throw BadRecord();
  }
}

InputRecord parse_record(std::string_view text) {
  InputRecord record;
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  // A host that lost power may have kept a part of it.
  if (lines.size() < 2 || lines.front() != kFirstLine || lines.back() != kLastLine) throw BadRecord();
  for (const std::string_view line : std::span(lines).subspan(1, lines.size() - 2)) parse_line(Line(line), record);
  if (record.request.empty() || record.outputs.empty()) throw BadRecord();
  return record;
}

// --- Comparing
// --------------------------------------------------------------------------------------------------------

bool is_as_recorded(const RecordedOutput& output) {
  const FileStamp now = stamp_of(output.path);
  return now.size == output.size && now.modified_at == output.modified_at;
}

bool is_settled(const InputState& state, std::int64_t taken_at) { return state.changed_at + kClockTick < taken_at; }

/// Nothing but the content may differ.
bool may_be_equal(const InputState& before, const InputState& now) {
  return before.path == now.path && before.metadata == now.metadata && before.is_file == now.is_file &&
         before.size == now.size;
}

/// True if everything is as it was, as far as can be told without reading contents. Takes the hashes over where there
/// is no need to read.
bool take_over(std::vector<InputState>& states, const std::vector<InputState>& before, std::int64_t taken_at) {
  if (!std::ranges::equal(before, states, may_be_equal)) return false;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].stamp == before[i].stamp && is_settled(before[i], taken_at)) states[i].hash = before[i].hash;
  }
  return true;
}

bool is_same_content(const InputState& before, const InputState& now) { return before.hash == now.hash; }
bool is_same_stamp(const InputState& before, const InputState& now) { return before.stamp == now.stamp; }

Freshness compare_states(InputRecord& record, Context& context) {
  const std::int64_t now = time_now();
  std::vector<RecordedInput> current;
  for (const RecordedInput& recorded : record.inputs) {
    current.push_back({.input = recorded.input, .states = list_input(recorded.input)});
    if (!take_over(current.back().states, recorded.states, record.taken_at)) return Freshness::Changed;
  }
  const std::vector<InputState*> states = all_states(current);
  const bool reads =
      std::ranges::any_of(states, [](const InputState* state) { return state->is_file && state->hash.empty(); });
  hash_inputs(states, context);
  bool is_touched = reads;
  for (std::size_t i = 0; i < current.size(); ++i) {
    const std::vector<InputState>& before = record.inputs[i].states;
    if (!std::ranges::equal(before, current[i].states, is_same_content)) return Freshness::Changed;
    is_touched = is_touched || !std::ranges::equal(before, current[i].states, is_same_stamp);
  }
  record.inputs = std::move(current);
  record.taken_at = now;
  return is_touched ? Freshness::Touched : Freshness::Unchanged;
}

}  // namespace

std::vector<InputState*> all_states(std::vector<RecordedInput>& inputs) {
  std::vector<InputState*> states;
  for (RecordedInput& recorded : inputs) {
    for (InputState& state : recorded.states) states.push_back(&state);
  }
  return states;
}

fs::path record_path(const fs::path& output) {
  return output.parent_path() / fmt::format(".{}.fstool-inputs", output.filename().string());
}

std::optional<InputRecord> load_record(const fs::path& output) {
  try {
    const std::vector<std::byte> bytes = read_all(*open_record(record_path(output)), kMaxRecordBytes);
    return parse_record({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } catch (const Error&) {
    return std::nullopt;  // there is none, or nobody may read it
  } catch (const BadRecord&) {
    return std::nullopt;
  }
}

void save_record(const InputRecord& record, const fs::path& output) {
  const std::string text = text_of(record);
  write_record(record_path(output), std::as_bytes(std::span(text)));
}

std::int64_t time_now() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

Freshness compare(InputRecord& record, const std::string& request, Context& context) {
  if (record.request != request || (!record.boot.empty() && !is_this_boot(record.boot))) return Freshness::Changed;
  try {
    if (!std::ranges::all_of(record.outputs, is_as_recorded)) return Freshness::Changed;
    return compare_states(record, context);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Cancelled) throw;
    return Freshness::Changed;  // something is missing or can't be read: making the output says what
  }
}

}  // namespace fstool
