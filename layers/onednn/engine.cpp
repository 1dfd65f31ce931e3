#include "layers/onednn/engine.hpp"

#include <omp.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "core/error.hpp"
#include "layers/network.hpp"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace lockstep::layers {
namespace {

thread_local double seconds_in_primitives = 0;

struct Isa {
  dnnl::cpu_isa isa;
  const char* name;
  const char* variable;  // as ONEDNN_MAX_CPU_ISA spells it
};

// In ascending order; each can do what those before it can. The numbers of the enum are bit sets.
constexpr std::array kIsas{Isa{dnnl::cpu_isa::sse41, "SSE4.1", "SSE41"},
                           Isa{dnnl::cpu_isa::avx, "AVX", "AVX"},
                           Isa{dnnl::cpu_isa::avx2, "AVX2", "AVX2"},
                           Isa{dnnl::cpu_isa::avx512_core, "AVX-512", "AVX512_CORE"},
                           Isa{dnnl::cpu_isa::avx512_core_vnni, "AVX-512 VNNI", "AVX512_CORE_VNNI"},
                           Isa{dnnl::cpu_isa::avx512_core_bf16, "AVX-512 BF16", "AVX512_CORE_BF16"},
                           Isa{dnnl::cpu_isa::avx512_core_amx, "AMX", "AVX512_CORE_AMX"}};

#if defined(__x86_64__)
/// Whether this CPU has kIsas[i].
bool cpu_has(std::size_t i) noexcept {
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  switch (i) {
    case 0:
      return __builtin_cpu_supports("sse4.1");
    case 1:
      return __builtin_cpu_supports("avx");
    case 2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case 3:
      return avx512;
    case 4:
      return avx512 && __builtin_cpu_supports("avx512vnni");
    case 5:
      return avx512 && __builtin_cpu_supports("avx512bf16");
    default:
      return false;  // AMX brings nothing to f32
  }
}
#else
bool cpu_has(std::size_t) noexcept { return false; }
#endif

#if defined(__SSE2__)
void flush_denormals() noexcept {
  constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  _mm_setcsr(_mm_getcsr() | kFlushToZero | kDenormalsAreZero);
}
#else
void flush_denormals() noexcept {}
#endif

}  // namespace

namespace onednn {

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

dnnl::stream& stream() {
  thread_local dnnl::stream instance(engine());
  return instance;
}

void add_primitive_seconds(double seconds) noexcept { seconds_in_primitives += seconds; }

bool prefers_blocks_of_16() {
  constexpr auto avx512 = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & avx512) == avx512;
}

PrimitiveScope::PrimitiveScope() noexcept
    : start_(std::chrono::steady_clock::now()), before_(seconds_in_primitives) {}

PrimitiveScope::~PrimitiveScope() {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
  seconds_in_primitives = before_ + took.count();
}

}  // namespace onednn

double primitive_seconds() noexcept { return seconds_in_primitives; }

void prepare_thread() noexcept {
  omp_set_num_threads(1);
  flush_denormals();
}

// Not dnnl::get_effective_cpu_isa(): asking oneDNN freezes its choice, and the ranks could no
// longer agree on less.
int detected_isa() noexcept {
  int best = -1;
  const char* limit = std::getenv("ONEDNN_MAX_CPU_ISA");
  for (std::size_t i = 0; i < kIsas.size() && cpu_has(i); ++i) {
    best = static_cast<int>(i);
    if (limit != nullptr && std::strcmp(limit, kIsas[i].variable) == 0) break;
  }
  return best;
}

std::string isa_name(int isa) {
  if (isa < 0 || isa >= static_cast<int>(kIsas.size())) return "generic";
  return kIsas[static_cast<std::size_t>(isa)].name;
}

void limit_isa(int isa) {
  if (isa < 0 || isa >= detected_isa()) return;  // nothing to take away
  const auto status = dnnl::set_max_cpu_isa(kIsas[static_cast<std::size_t>(isa)].isa);
  expects(status == dnnl::status::success, "the instruction set is limited before oneDNN is used");
}

std::string library_version() {
  const auto* version = dnnl::version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

}  // namespace lockstep::layers
