#include "apps/chart_js.hpp"

// The assembler copies the library's file (LOCKSTEP_CHART_JS, found by CMake) into the program.
asm(".section .rodata\n"
    ".global lockstep_chart_js_begin\n"
    "lockstep_chart_js_begin: .incbin \"" LOCKSTEP_CHART_JS
    "\"\n"
    ".global lockstep_chart_js_end\n"
    "lockstep_chart_js_end: .byte 0\n"
    ".previous\n");

extern "C" const char lockstep_chart_js_begin[], lockstep_chart_js_end[];

namespace lockstep::apps {

std::string_view chart_js() {
  return {lockstep_chart_js_begin,
          static_cast<std::size_t>(lockstep_chart_js_end - lockstep_chart_js_begin)};
}

}  // namespace lockstep::apps
