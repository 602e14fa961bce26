"""The columns of the tables of the first release, for the migration that makes them.

Reads and writes: nothing.
Never: changes: a step that has been released stays as it is.
"""

FIRST_TABLES = {
    "power_reading": """device TEXT, pv_power_w REAL, pv_voltage_v REAL,
        battery_voltage_v REAL, battery_current_a REAL, battery_temperature_c REAL,
        load_power_w REAL, charge_stage TEXT, yield_today_wh REAL, quality TEXT""",
    "battery_state": """state_of_charge_pct REAL, sigma_pct REAL, energy_wh REAL,
        capacity_wh REAL, time_to_go_s REAL, charge_blocked INTEGER, method TEXT""",
    "energy_budget": "level TEXT, power_w REAL, until TEXT, reserve_wh REAL, reason TEXT",
    "energy_plan_step": """starts TEXT, pv_power_w REAL, load_power_w REAL,
        state_of_charge_pct REAL, level TEXT""",
    "gpu_reading": """gpu TEXT, power_w REAL, temperature_c REAL, utilisation_pct REAL,
        memory_used_bytes INTEGER""",
    "environment_reading": """hottest_zone TEXT, hottest_temperature_c REAL,
        disk_free_bytes INTEGER, disk_used_pct REAL, memory_available_bytes INTEGER,
        computer_power_w REAL, computer_power_measured INTEGER""",
    "camera_state": """camera TEXT, mode TEXT, power_w REAL, frames_served INTEGER,
        frames_skipped INTEGER, reason TEXT""",
    "inference_plan": "frames_per_s REAL, tier TEXT, reason TEXT",
    "inference_run": """duration_s REAL, frames INTEGER, frames_skipped INTEGER,
        energy_wh REAL, energy_measured INTEGER, power_w REAL, provider TEXT,
        model_digest TEXT""",
    "event": """event_id TEXT, camera TEXT, label TEXT, confidence REAL, last_seen TEXT,
        frames INTEGER, box TEXT, snapshot TEXT, model_digest TEXT, tier TEXT, provider TEXT,
        threshold REAL, energy_level TEXT, energy_j REAL, energy_measured INTEGER,
        reason TEXT""",
    "fault": "code TEXT NOT NULL, source TEXT NOT NULL, text TEXT NOT NULL, cleared TEXT",
}
