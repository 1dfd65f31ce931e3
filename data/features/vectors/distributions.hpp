#pragma once
/// Tail probabilities of the distributions behind statistical tests.

namespace lockstep::data {

/// P(X > x) of the chi-squared distribution. 1 for dof 0 or x <= 0, 0 for x = infinity.
double chi_squared_survival(double x, double dof);

/// P(X > x) of Fisher's F distribution with `dof1` over `dof2` degrees of freedom. 1 if either is
/// not positive or x <= 0, 0 for x = infinity.
double f_survival(double x, double dof1, double dof2);

}  // namespace lockstep::data
