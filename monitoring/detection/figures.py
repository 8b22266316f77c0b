"""The few figures the detector has, and why. docs/detection.md tells how each was measured."""

HOUR = 3600
# How long a look back is held against its own past: a burst, an hour, half a morning. A single
# step is too noisy to be one; a storm shows in the first within its first step anyway.
WINDOW_SECONDS = (900, 3600, 10800)
# Half-life of "usual", in hours: ten days. Bursts are part of it, so that a brand that bursts
# every day raises its own bar.
HALF_LIFE = 240
# "A record for this brand": the surprise is divided by the root of this quantile of the highest
# surprise of each of the last days; before three days are known, by at least this: a first
# morning after a first night is not a storm.
PEAK_DAYS = 60
PEAK_QUANTILE = 0.9
PEAK_PRIOR = 25.0
# The bar of the quietest brand: out of nothing, 10 mentions in 15 minutes or 14 in an hour.
PEAK_LEAST = 3.0
# Surprise at which the alarm is raised. Reported as a score of 0.5.
THRESHOLD = 2.2
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
