#include "check_recorder.h"

#include <algorithm>

namespace fstool {

void CheckRecorder::add(Severity severity, std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (layer_ == nullptr) return;
  ++(severity == Severity::Damage ? layer_->damage : layer_->warnings);
  auto& findings = layer_->findings;
  if (findings.size() == kMaxFindings) {
    if (severity == Severity::Warning) return;
    const auto warning = std::find_if(findings.begin(), findings.end(),
                                      [](const Finding& finding) { return finding.severity == Severity::Warning; });
    if (warning == findings.end()) return;
    findings.erase(warning);
  }
  findings.push_back({severity, std::string(message)});
}

}  // namespace fstool
