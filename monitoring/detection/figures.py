"""The few figures the detector has, and why. docs/detection.md tells how each was measured."""

HOUR = 3600
# How long a look back is held against its own past. Two views must agree, so that what only one
# of them finds odd weighs half: a slow one (a burst, an hour, half a morning; ten days count half)
# and a quick one. A single step is too noisy to be a window; a storm shows at once anyway.
SLOW_WINDOWS = (900, 3600, 10800)
SLOW_HALF_LIFE = 240
QUICK_WINDOWS = (600, 2400, 7200)
QUICK_HALF_LIFE = 144
# The third view ranks what the two leave below SURE: what lasts rather than bursts.
SEASON_HALF_LIFE = 7
SURE = 0.45
LASTING = 0.35
# "A record for this brand": the surprise is divided by the root of this quantile of the highest
# surprise of each of the last days; before three days are known, by at least this: a first
# morning after a first night is not a storm.
PEAK_DAYS = 60
PEAK_QUANTILE = 0.9
PEAK_PRIOR = 25.0
# The bar of the quietest brand: out of nothing, 10 mentions in 15 minutes or 14 in an hour.
PEAK_LEAST = 3.0
# Surprise at which the alarm is raised. Reported as a score of 0.5.
THRESHOLD = 2.45
# Fewer mentions than this in a window are never an alarm.
LEAST_MENTIONS = 10
# One alarm per incident: silence after one, in seconds.
HOLD = 24 * HOUR
# Hours of history before the detector calls itself ready.
READY_HOURS = 24
# The band for drawing: share of ordinary steps that should lie below and above it.
BAND_TAIL = 0.05
# Values kept for each hour of the week.
WEEKS = 4
