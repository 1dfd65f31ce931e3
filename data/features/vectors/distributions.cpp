#include "data/features/vectors/distributions.hpp"

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>

namespace lockstep::data {

double chi_squared_survival(double x, double dof) {
  if (!(dof > 0) || !(x > 0)) return 1;
  if (std::isinf(x)) return 0;
  return boost::math::cdf(boost::math::complement(boost::math::chi_squared(dof), x));
}

double f_survival(double x, double dof1, double dof2) {
  if (!(dof1 > 0) || !(dof2 > 0) || !(x > 0)) return 1;
  if (std::isinf(x)) return 0;
  return boost::math::cdf(boost::math::complement(boost::math::fisher_f(dof1, dof2), x));
}

}  // namespace lockstep::data
