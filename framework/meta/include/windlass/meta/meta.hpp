#pragma once
// All of meta.

#include <windlass/meta/condition.hpp>
#include <windlass/meta/duration.hpp>
#include <windlass/meta/int_or_string.hpp>
#include <windlass/meta/label_selector.hpp>
#include <windlass/meta/names.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/quantity.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/meta/status.hpp>
#include <windlass/meta/time.hpp>
