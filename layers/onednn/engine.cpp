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

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
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
/// Whether this CPU multiplies tiles of bf16 and the system lets this process do so: Linux wants to
/// be asked first.
bool may_use_amx() noexcept {
#if defined(__linux__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kAmxBf16 = 1u << 22, kAmxTile = 1u << 24;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kAmxBf16) == 0 || (d & kAmxTile) == 0)
    return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

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
    case 6:
      return cpu_has(5) && may_use_amx();
    default:
      return false;
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

namespace {

bool includes(dnnl::cpu_isa isa) {
  const auto bits = static_cast<unsigned>(isa);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

}  // namespace

bool prefers_blocks_of_16() { return includes(dnnl::cpu_isa::avx512_core); }
bool has_bf16() { return includes(dnnl::cpu_isa::avx512_core_bf16); }
bool has_amx() { return includes(dnnl::cpu_isa::avx512_core_amx); }

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
