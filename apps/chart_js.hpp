#pragma once
/// Chart.js, built into the program so that a report opens offline.
#include <string_view>

namespace lockstep::apps {
std::string_view chart_js();
}
