package wire

// HTTPStatus is the status of the answer: the error's own, else the model's,
// else 400. svc may be nil.
func (e *Error) HTTPStatus(svc *Service) int {
	switch info := e.info(svc); {
	case e.Status != 0:
		return e.Status
	case info.Status != 0:
		return info.Status
	}
	return 400
}

// QueryCode is the code by which awsQuery clients know the error.
func (e *Error) QueryCode(svc *Service) string {
	if code := e.info(svc).QueryCode; code != "" {
		return code
	}
	return e.Code
}

// Fault is AWS's word for whose fault it is: "Sender" or "Receiver".
func (e *Error) Fault(svc *Service) string {
	if e.info(svc).Receiver || e.HTTPStatus(svc) >= 500 {
		return "Receiver"
	}
	return "Sender"
}

func (e *Error) info(svc *Service) ErrorInfo {
	if svc == nil {
		return ErrorInfo{}
	}
	return svc.Errors[e.Code]
}
