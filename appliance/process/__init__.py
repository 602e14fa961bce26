"""What all processes of the unit share: the service loop, PID 1 (notify, orders), the RTC.

    def assemble(service: Service) -> Loop:      # in the __main__.py of each service
        return Loop(MyCycle(service).cycle, every_s=10.0)

    main("name", assemble)

Reads and writes: see service.py. The library `systemd` is imported in notify.py only.
Never: holds a rule of energy, cameras or updates.
"""
