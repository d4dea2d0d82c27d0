#include "json_listener.h"

#include "diagnostics.h"
#include "json_text.h"

namespace fstool {

namespace {

Json number_or_null(const std::optional<double>& number) { return number ? Json(*number) : Json(nullptr); }

Json step_json(std::string_view event, const StepState& step) {
  return {{"event", event},
          {"step", step.name},
          {"unit", step.unit},
          {"total", step.total > 0 ? Json(step.total) : Json(nullptr)}};
}

void print_state(std::string_view event, const StepState& step) {
  Json json = step_json(event, step);
  json["done"] = step.done;
  json["seconds"] = step.seconds;
  json["rate"] = number_or_null(step.rate());
  json["seconds_left"] = number_or_null(step.seconds_left());
  print_diagnostic(json_line(json));
}

}  // namespace

void JsonListener::began(const StepState& step) { print_diagnostic(json_line(step_json("begin", step))); }
void JsonListener::progressed(const StepState& step) { print_state("progress", step); }
void JsonListener::ended(const StepState& step) { print_state("end", step); }

void JsonListener::warned(std::string_view message) {
  if (level_ >= LogLevel::Warning) print_warning(message);
}

}  // namespace fstool
